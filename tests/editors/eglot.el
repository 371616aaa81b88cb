;; Run in Emacs after a setup of docs/editors.md: opens the file of `PROMPT`, waits for its diagnostics and prints them as
;; `rule line`, sorted.
(setq eglot-sync-connect 30)
(find-file (getenv "PROMPT"))
;; What `eglot-ensure' waits for: the command loop, which batch mode does not have.
(run-hooks 'post-command-hook)
(unless (eglot-current-server) (error "no server for %s" major-mode))
(let ((deadline (time-add nil 30)))
  (while (and (null (flymake-diagnostics)) (time-less-p nil deadline))
    (accept-process-output nil 0.05)
    (flymake-start)))
(dolist (line (sort (mapcar (lambda (one)
                              (let ((lsp (alist-get 'eglot-lsp-diag (flymake-diagnostic-data one))))
                                (format "%s %d" (plist-get lsp :code)
                                        (line-number-at-pos (flymake-diagnostic-beg one)))))
                            (flymake-diagnostics))
                    #'string<))
  (princ (concat line "\n")))
(kill-emacs 0)

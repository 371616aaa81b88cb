-- Run in Neovim after a setup of docs/editors.md: opens the file of `PROMPT`, waits for its diagnostics and prints them as
-- `rule line`, sorted; with `HINTS` also the inlay hints that are on show.
vim.cmd.edit(vim.env.PROMPT)
local function known()
  return #vim.diagnostic.get(0) > 0
end
vim.wait(30000, known, 20)
local lines = {}
for _, one in ipairs(vim.diagnostic.get(0)) do
  table.insert(lines, string.format("%s %d", one.code, one.lnum + 1))
end
table.sort(lines)
io.stdout:write(table.concat(lines, "\n"), "\n")
if vim.env.HINTS then
  local function hints()
    return vim.lsp.inlay_hint.get({ bufnr = 0 })
  end
  vim.wait(30000, function()
    return #hints() > 0
  end, 20)
  for _, one in ipairs(hints()) do
    io.stdout:write("hint ", one.inlay_hint.label, "\n")
  end
end
vim.cmd("qall!")

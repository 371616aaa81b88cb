-- Run in Neovim after a setup of docs/editors.md: opens the file of `PROMPT`, waits for its diagnostics and prints them as
-- `rule line`, sorted.
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
vim.cmd("qall!")

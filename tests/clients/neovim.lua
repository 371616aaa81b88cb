-- A session in Neovim (0.7 or later): attaches to a file, waits for diagnostics, chooses a code action as a user does,
-- saves, and waits until nothing is found any more. Says why on standard error where that fails.
-- nvim --headless -u NONE -l would need 0.9: run with -c "luafile ..." and the settings in the environment.

local program, file = vim.env.PROGRAM, vim.env.FILE
local wanted, rule = vim.env.ACTION, vim.env.RULE

local function fail(why)
  io.stderr:write(why .. "\n")
  vim.cmd("cquit 1")
end

local function wait(what, test)
  if not vim.wait(60000, test, 20) then
    fail("no " .. what .. ": " .. vim.inspect(vim.diagnostic.get(0)))
  end
end

vim.cmd("edit " .. vim.fn.fnameescape(file))
local id = vim.lsp.start_client({
  name = "prefixlint",
  cmd = { program, "lsp", "--stdio" },
  root_dir = vim.env.ROOT,
})
if not id then
  fail("the server does not start")
end
vim.lsp.buf_attach_client(0, id)

local found
wait("diagnostic", function()
  for _, one in ipairs(vim.diagnostic.get(0)) do
    if one.code == rule or (one.user_data and one.user_data.lsp and one.user_data.lsp.code == rule) then
      found = one
    end
  end
  return found
end)

vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
local titles, chosen = {}, nil
vim.ui.select = function(items, _, choose)
  for index, item in ipairs(items) do
    local action = item.action or item[2]
    table.insert(titles, action.title)
    if not chosen and action.title:find(wanted, 1, true) then
      chosen = action.title
      return choose(item, index)
    end
  end
  choose(nil, nil)
end
local before = vim.api.nvim_buf_get_changedtick(0)
vim.lsp.buf.code_action()
wait("change by an action of " .. vim.inspect(titles), function()
  return vim.api.nvim_buf_get_changedtick(0) ~= before
end)
vim.cmd("write")
wait("end of the finding", function()
  return #vim.diagnostic.get(0) == 0
end)

vim.lsp.stop_client(id)
wait("end of the server", function()
  return vim.lsp.get_client_by_id(id) == nil
end)
vim.cmd("qall!")

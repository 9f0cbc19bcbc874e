-- Ordinary work in Lua.
local t = {}
for i = 1, 1000 do t[i] = (i * 7919) % 1009 end
table.sort(t)
print(t[1], t[500], t[1000], #t)
print(string.format("%.6f %d %5.1e %q", math.pi, 2^31 // 1, 12345.678, "a\nb"))
local file = assert(io.open("/tmp/lua.txt", "w"))
for i = 1, 10 do file:write(i, " line\n") end
file:close()
for line in io.lines("/tmp/lua.txt") do io.write(line:upper(), ";") end
print()
local whole = assert(io.open("/tmp/lua.txt", "r+b"))
print(whole:seek("end"), whole:seek("set", 2), whole:read(4), whole:read("n"))
whole:seek("end"); whole:write("more"); whole:seek("set", 0)
print(#whole:read("a")); whole:close()
local pipe = io.popen("echo from a child; exit 3")
print(pipe:read("a"), pipe:close())
local sink = io.popen("cat", "w"); sink:write("to a child\n"); print(sink:close())
print(os.execute("exit 4")); print(os.execute("kill -9 $$")); print(os.rename("/tmp/lua.txt", "/tmp/lua2.txt"))
print(os.remove("/tmp/lua2.txt")); print(os.remove("/tmp/lua2.txt")); print(io.open("/tmp/lua.txt"))
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end)
print(co(), co(), co())
print(select(2, pcall(function() error({ code = 7 }) end)).code); print(select(2, pcall(error, "text", 0)))
print(#string.rep("abc", 1000000), ("x"):rep(5, ","), string.pack("<i4", 100):byte(1, 4))
local big = {}
for i = 1, 200000 do big[i] = { i } end
print(#big); big = nil; collectgarbage(); print(collectgarbage("count") < 10000)
print(os.time{ year = 2020, month = 1, day = 1, hour = 12 }, os.date("!%Y-%m-%d %X", 86400), os.getenv("NOTHING"))
print(math.tointeger(3.0), 7 // 2, 7 % -3, 1 / 0, -1 // 0.0, math.fmod(-7, 3), 1 << 62, 0x7fffffffffffffff + 1)
print(utf8.char(228, 8364), utf8.len("äöü"), string.find("hello world", "o w"), ("k=v"):match("(%w)=(%w)"))
print(("one two three"):gsub("%w+", function(word) return #word end))
print(load("return 1 + 1")(), load("syntax error"))
print(tostring(nil), tonumber("0x1F"), tonumber("z", 36), tonumber("1e3"), 10 // 0.3, 2^53 == 2^53 + 1)
local meta = setmetatable({}, { __index = function(_, key) return key .. "!" end, __call = function(_, a) return a end })
print(meta.foo, meta(5), rawlen({ 1, 2 }), next({}), type(print))
local closed <close> = setmetatable({}, { __close = function() print("closed") end })
local function depth(n) return n == 0 and 0 or 1 + depth(n - 1) end
print(depth(10000), select("#", 1, nil, nil), table.concat({ 1, 2, 3 }, "-"), table.unpack({ 1, 2, 3 }, 2))
os.exit(6, true)

using System.Diagnostics;
using System.Text.Json;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Tools;

/// <summary>
/// Whole runs of the program over real tool servers, which are killed, restarted and changed in mid-run, as is the program.
/// </summary>
[TestFixture]
[CancelAfter(300_000)]
internal sealed class ToolServerRunTests
{
    private string _servers = "";

    [OneTimeSetUp]
    public async Task NeedServers()
    {
        (string? folder, string? reason) = await NodeServers.InstalledAsync();
        if (folder is null)
        {
            Assert.Ignore(reason ?? "no servers");
        }

        _servers = folder;
    }

    [Test]
    public async Task Run_ServersAndProgramKilledInMidRun_GoesOnAsIfNothingWas(CancellationToken cancellationToken)
    {
        using var scene = new Scene();
        await using NodeHttpServer http = await NodeHttpServer.StartAsync(NodeServers.Script(_servers, "everything"),
            "streamableHttp");
        scene.Configure(new
        {
            everything = scene.Shell(NodeServers.Script(_servers, "everything"), ["stdio"]),
            remote = new { type = "http", url = $"http://127.0.0.1:{http.Port}/mcp" },
            fs = scene.Shell(NodeServers.Script(_servers, "filesystem"), [scene.Files]),
            memory = scene.Shell(NodeServers.Script(_servers, "memory"), [],
                new { MEMORY_FILE_PATH = Path.Combine(scene.Files, "memory.jsonl") }),
        });
        string file = Path.Combine(scene.Files, "a.txt");
        var programMayDie = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var results = new Dictionary<int, IReadOnlyList<string>>();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
        {
            results[request.Turn] = request.Results;
            return request.Turn switch
            {
                0 => Calls(
                    ("mcp__memory__create_entities",
                        new
                        {
                            entities = new[] { new { name = "Ada", entityType = "person",
                            observations = new[] { "counts" } } }
                        }),
                    ("mcp__fs__write_file", new { path = file, content = "written\n" }),
                    ("mcp__everything__echo", new { message = "one" }),
                    ("mcp__remote__echo", new { message = "two" })),
                1 => Calls(
                    ("mcp__memory__read_graph", new { }),
                    ("mcp__fs__read_text_file", new { path = file }),
                    ("mcp__everything__get-sum", new { a = 40, b = 2 }),
                    ("mcp__remote__echo", new { message = "three" })) with
                {
                    Before = async _ =>
                    {
                        await scene.KillServersAsync();
                        await http.KillAsync();
                        await http.StartAsync();
                    },
                },
                2 => Calls(("mcp__remote__echo", new { message = "nobody hears" })) with { Before = _ => http.KillAsync() },
                3 => Calls(("mcp__remote__echo", new { message = "four" })) with { Before = _ => http.StartAsync() },
                4 => Calls(("mcp__memory__read_graph", new { })) with
                {
                    Before = async token =>
                    {
                        // Nothing is answered to the program that is killed now; the one after it gets here again.
                        if (programMayDie.TrySetResult())
                        {
                            await Task.Delay(Timeout.Infinite, token);
                        }
                    },
                },
                _ => ChatReply.Say("All is well."),
            };
        });

        await using (ProgramProcess first = scene.Run(model))
        {
            await programMayDie.Task.WaitAsync(cancellationToken);
            await first.KillAsync();
        }

        await scene.WaitUntilServersEndedAsync(cancellationToken);
        await using ProgramProcess second = scene.Run(model);
        int exitCode = await second.WaitAsync();

        Assert.That(exitCode, Is.Zero, second.Output + second.Errors);
        Assert.That(results[1], Has.Count.EqualTo(4).And.None.StartsWith("Error"));
        Assert.That(results[2][0], Does.Contain("Ada"));
        Assert.That(results[2][1], Does.Contain("written"));
        Assert.That(results[2][2], Does.Contain("42"));
        Assert.That(results[2][3], Is.EqualTo("Echo: three"));
        Assert.That(results[3][0], Does.StartWith("Error").And.Contain("'remote' cannot be reached"));
        Assert.That(results[4][0], Is.EqualTo("Echo: four"));
        Assert.That(results[5][0], Does.Contain("Ada"));
        Assert.That(
            File.ReadAllText(Path.Combine(scene.Files, "memory.jsonl")).Split("\"Ada\""), Has.Length.EqualTo(2),
            "the entity was created once");
        Assert.That(model.Requests.Select(ToolsOf).Distinct().Count(), Is.EqualTo(1), "every request shows the same bytes");
        Assert.That(ToolsOf(model.Requests[0]), Does.Contain("mcp__memory__create_entities").And.Contain("mcp__remote__echo"));
        await scene.WaitUntilServersEndedAsync(cancellationToken);
    }

    [Test]
    public async Task Run_ToolsChangeAndVanishInMidRun_TellsTheModel(CancellationToken cancellationToken)
    {
        using var scene = new Scene();
        string tools = Path.Combine(scene.Files, "tools.json");
        string calls = Path.Combine(scene.Files, "calls");
        File.WriteAllText(tools,
            Tools(("act", """{"type":"object","properties":{"name":{"type":"string"}}}"""), ("leave", """{"type":"object"}""")));
        scene.Configure(new
        {
            my = scene.Shell(Path.Combine(AppContext.BaseDirectory, "node", "changing-server.mjs"),
            [tools, calls])
        });
        var results = new Dictionary<int, IReadOnlyList<string>>();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(request =>
        {
            results[request.Turn] = request.Results;
            return request.Turn switch
            {
                0 => Calls(("mcp__my__act", new { name = "a" }), ("mcp__my__leave", new { })),
                1 => Calls(("mcp__my__act", new { name = "a" }), ("mcp__my__leave", new { })) with
                {
                    Before = async _ =>
                    {
                        File.WriteAllText(tools, Tools(
                            ("act", """{"type":"object","properties":{"name":{"type":"string"},"size":{"type":"integer"}},"required":["size"]}"""), ("come", """{"type":"object"}""")));
                        await scene.KillServersAsync();
                    },
                },
                2 => Calls(("mcp__my__act", new { name = "a", size = 1 })),
                3 => Calls(("mcp__my__act", new { name = "a", size = 2 })),
                _ => ChatReply.Say("I managed."),
            };
        });

        await using ProgramProcess program = scene.Run(model);
        int exitCode = await program.WaitAsync();

        Assert.That(exitCode, Is.Zero, program.Output + program.Errors);
        Assert.That(results[1], Is.EqualTo(["act done", "leave done"]));
        Assert.That(results[2][0],
            Does.Contain("has changed since this run began").And.Contain("\"size\"").And.Contain("size is required"));
        Assert.That(results[2][1], Does.Contain("'mcp__my__leave'").And.Contain("is there no more"));
        Assert.That(results[3][0], Does.Contain("has changed since this run began").And.EndsWith("act done"));
        Assert.That(results[4][0], Is.EqualTo("act done"), "it is said once");
        Assert.That(File.ReadAllLines(calls), Has.Length.EqualTo(4));
        Assert.That(model.Requests.Select(ToolsOf).Distinct().Count(), Is.EqualTo(1), "every request shows the same bytes");
    }

    private static ChatReply Calls(params (string Tool, object Arguments)[] calls) =>
        new() { Calls = [.. calls.Select(call => ChatReplyCall.Of(call.Tool, call.Arguments))] };

    private static string ToolsOf(ChatRequest request) => request.Body.GetProperty("tools").GetRawText();

    private static string Tools(params (string Name, string Schema)[] tools) => JsonSerializer.Serialize(
        tools.Select(tool => new { name = tool.Name, description = "Acts.", inputSchema = JsonElement.Parse(tool.Schema) }));

    /// <summary>An agent, its servers' configuration and their files.</summary>
    private sealed class Scene : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public Scene()
        {
            Files = _folder.Folder("files");
            _folder.Write("agents/keeper.md", "---\nname: keeper\ndescription: Keeps things.\n---\nKeep things.\n");
        }

        public string Files { get; }

        private string PidFile => Path.Combine(_folder.Path, "pids");

        /// <summary>A server that leaves its process id behind.</summary>
        public object Shell(string script, string[] arguments, object? env = null) => new
        {
            command = "sh",
            args = new[] { "-c", $"echo $$ >> '{PidFile}'; exec node \"$0\" \"$@\"", script }.Concat(arguments).ToArray(),
            env = env ?? new { },
        };

        public void Configure(object servers) =>
            _folder.Write(".mcp.json", JsonSerializer.Serialize(new { mcpServers = servers }));

        public ProgramProcess Run(OpenAIProtocolServer model) => ProgramProcess.Start(
            new Dictionary<string, string>
            {
                ["OPENAI_API_KEY"] = "sk-test",
                ["OPENAI_BASE_URL"] = model.BaseUrl,
                ["OPENAI_MODEL"] = "scripted",
                ["Tools__ServerPatience"] = "00:01:00",
            },
            "run", "Keep this.", "--agent", "keeper", "--agents", Path.Combine(_folder.Path, "agents"), "--workspace",
            _folder.Folder("workspace"),
            "--data", Path.Combine(_folder.Path, "data"), "--mcp-config", Path.Combine(_folder.Path, ".mcp.json"));

        public async Task KillServersAsync()
        {
            foreach (Process process in Running())
            {
                process.Kill();
                await process.WaitForExitAsync();
                process.Dispose();
            }
        }

        public async Task WaitUntilServersEndedAsync(CancellationToken cancellationToken)
        {
            foreach (Process process in Running())
            {
                await process.WaitForExitAsync(cancellationToken);
                process.Dispose();
            }
        }

        public void Dispose() => _folder.Dispose();

        private IEnumerable<Process> Running()
        {
            foreach (string pid in File.ReadAllLines(PidFile))
            {
                Process process;
                try
                {
                    process = Process.GetProcessById(int.Parse(pid));
                }
                catch (ArgumentException)
                {
                    continue;
                }

                yield return process;
            }
        }
    }
}

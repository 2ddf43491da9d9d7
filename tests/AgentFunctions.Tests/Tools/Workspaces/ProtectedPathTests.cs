using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Sqlite;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Tests.Tools.Workspaces;

/// <summary>What governs a run is out of reach of its tools, however its path is written.</summary>
[Platform("Unix"), UnsupportedOSPlatform("windows")]
internal sealed class ProtectedPathTests
{
    private const string Secret = "GOVERNING-CONTENT";

    private ToolBench _bench = null!;

    [SetUp]
    public void MakeBench()
    {
        _bench = new ToolBench(governing: Governing);
        foreach (string file in new[] { "data/agentfunctions.db", "data/agentfunctions.db-wal", "data/keys/audit.pem",
            "agents/a.md", "policy.yaml", "appsettings.json" })
        {
            _bench.Write(file, Secret);
        }

        _bench.Write("free.txt", "free");
        _bench.Write("data/workspaces/run-1/mine.txt", "mine");
        _bench.Write("agents.md", "about agents");
        Link("link-file", "policy.yaml");
        Link("link-folder", "data");
        Link("link-link", "link-folder/keys");
        Assert.That(HardLink(Full("policy.yaml"), Full("hard.txt")), Is.Zero);
        Assert.That(HardLink(Full("data/keys/audit.pem"), Full("hard-key.txt")), Is.Zero);
    }

    [TearDown]
    public void DeleteBench() => _bench.Dispose();

    [TestCase("node", "server.mjs", "server.mjs", true)]
    [TestCase("python3", "--script=lib/server.py", "lib/server.py", true)]
    [TestCase("./start", "x", "start", true)]
    [TestCase("node", "${ROOT}/server.mjs", "server.mjs", false)]
    [TestCase("sqlite-server", "--db=data.sqlite", "data.sqlite", false)]
    [TestCase("node", "gone.mjs", "gone.mjs", false)]
    public void Programs_OfAToolServer_CannotBeChangedByTools(string command, string argument, string file, bool governs)
    {
        foreach (string name in new[] { "server.mjs", "lib/server.py", "start", "data.sqlite" })
        {
            _bench.Write(name, "");
        }

        File.SetUnixFileMode(Full("start"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var services = new ServiceCollection();
        services.AddMcpServer(new McpServerDefinition
        {
            Name = "own",
            Command = command,
            Args = [argument, "/bin/sh"],
            Cwd = _bench.Root
        });
        services.AddAgent(new AgentDefinition
        {
            Name = "agent",
            Description = "Brings a server along.",
            Instructions = "Work.",
            McpServers = [new AgentMcpServer("mine",
                JsonSerializer.SerializeToElement(new { command, args = new[] { argument }, cwd = _bench.Root }))],
        });
        using ServiceProvider provider = services.BuildServiceProvider();

        var paths = new ProtectedPaths(provider.GetServices<GoverningPath>());

        Assert.That(paths.Governing.Select(static one => one.Path), Is.EqualTo(governs ? new[] { Full(file), Full(file) } : []));
        Assert.That(paths.Find(Full(file)) is not null, Is.EqualTo(governs));
    }

    [TestCase("policy.yaml")]
    [TestCase("./policy.yaml")]
    [TestCase("x/../policy.yaml")]
    [TestCase("x\\..\\policy.yaml")]
    [TestCase("//policy.yaml", "{root}//policy.yaml")]
    [TestCase("abs", "{root}/policy.yaml")]
    [TestCase("link-file")]
    [TestCase("hard.txt")]
    [TestCase("hard-key.txt")]
    [TestCase("link-folder/keys/audit.pem")]
    [TestCase("link-link/audit.pem")]
    [TestCase("data/agentfunctions.db")]
    [TestCase("data/agentfunctions.db-wal")]
    [TestCase("data/agentfunctions.db-shm")]
    [TestCase("data/agentfunctions.db.lock")]
    [TestCase("data/anything/new.txt")]
    [TestCase("agents/a.md")]
    [TestCase("agents/sub/new.md")]
    [TestCase(".mcp.json")]
    [TestCase(".MCP.JSON")]
    [TestCase("appsettings.json")]
    [TestCase("appsettings.Production.json")]
    public async Task Tools_OnAGoverningPath_AreRefused(string written, string? template = null)
    {
        string path = (template ?? written).Replace("{root}", _bench.Root, StringComparison.Ordinal);
        foreach ((string tool, object arguments) in Calls(path))
        {
            ToolOutcome outcome = await _bench.InvokeAsync(tool, arguments);
            Assert.That(outcome.Text, Does.Contain("reserved for the host").And.Not.Contain(Secret), $"{tool} {path}");
        }

        Assert.That(File.Exists(Full(".mcp.json")) || File.Exists(Full(".MCP.JSON")) || File.Exists(Full("agents/sub/new.md")),
            Is.False);
    }

    [TestCase("link-folder")]
    [TestCase("data")]
    [TestCase("agents")]
    public async Task ListAndSearch_InAGoverningFolder_AreRefused(string path)
    {
        foreach ((string tool,
            object arguments) in new (string,
                object)[] { ("list_files", new { path }), ("search_files", new { pattern = "GOV", path }) })
        {
            Assert.That((await _bench.InvokeAsync(tool, arguments)).Text, Does.Contain("reserved for the host"), tool);
        }
    }

    [Test]
    public async Task ListAndSearch_OfTheWholeWorkspace_PassOverWhatGoverns()
    {
        string[] listed = (await _bench.InvokeAsync("list_files")).Text.Split('\n');
        Assert.That(listed, Is.EqualTo(new[] { "agents.md  12", "free.txt  4" }));
        Assert.That((await _bench.InvokeAsync("list_files", new { pattern = "**/*.{pem,yaml,db}" })).Text,
            Is.EqualTo("(no files)"));
        Assert.That((await _bench.InvokeAsync("search_files", new { pattern = "GOV" })).Text,
            Does.StartWith("(no matches in 2 files"));
    }

    [TestCase("free.txt")]
    [TestCase("agents.md")]
    [TestCase("agentfunctions.db")]
    [TestCase("Agents/new.cs")]
    [TestCase("policy.yaml.md")]
    [TestCase("src/appsettings.json")]
    [TestCase("data-model/x.txt")]
    public async Task WriteFile_WhatOnlyLooksAlike_IsWritten(string path)
    {
        Assert.That((await _bench.InvokeAsync("write_file", new { path, content = "x" })).Text, Does.StartWith("Wrote "), path);
    }

    [Test]
    public void Resolve_InTheExceptedFolder_IsFound()
    {
        var paths = new ProtectedPaths(Governing(_bench.Root));
        var workspace = new Workspace(Full("data/workspaces/run-1"));
        Assert.That(paths.Find(workspace.Root), Is.Null);
        Directory.Delete(Full("data/workspaces"), recursive: true);
        Assert.That(paths.Find(Full("data/workspaces")), Is.Null, "it may not be there yet");
        _bench.Write("data/workspaces/run-1/mine.txt", "mine");
        Assert.That(workspace.Without(paths).Resolve("mine.txt"), Does.EndWith("mine.txt"));
    }

    [TestCase("policy.yaml")]
    [TestCase("--file=policy.yaml")]
    [TestCase("-fpolicy.yaml")]
    [TestCase("user@host:data/keys")]
    [TestCase("@link-file")]
    [TestCase("of=/proc/self/cwd/policy.yaml")]
    [TestCase("hard.txt")]
    [TestCase("--git-dir=link-folder/keys")]
    public void FindInArgument_OfAGoverningPath_NamesIt(string argument) =>
        Assert.That(new ProtectedPaths(Governing(_bench.Root)).FindInArgument(_bench.Workspace, argument), Is.Not.Null);

    [TestCase("")]
    [TestCase("-")]
    [TestCase("--oneline")]
    [TestCase("free.txt")]
    [TestCase("https://example.org/policy.yaml")]
    [TestCase("s/a:b/=@/")]
    public void FindInArgument_OfAnythingElse_IsNull(string argument) =>
        Assert.That(new ProtectedPaths(Governing(_bench.Root)).FindInArgument(_bench.Workspace, argument), Is.Null);

    [TestCase("cat", "policy.yaml")]
    [TestCase("cat", "link-file")]
    [TestCase("cat", "hard-key.txt")]
    [TestCase("any", "--file=data/keys/audit.pem")]
    [TestCase("any", "@{root}/policy.yaml")]
    [TestCase("any", "-fagents/a.md")]
    [TestCase("grep", "-r", "GOVERNING", "data")]
    [TestCase("grep", "-r", "GOVERNING", ".")]
    [TestCase("grep", "-r", "GOVERNING")]
    [TestCase("rg", "GOVERNING")]
    public async Task RunCommand_ThatComesToWhatGoverns_IsRefused(string command, params string[] arguments)
    {
        using ToolBench bench = new(options => options.AllowedCommands.UnionWith(["cat", "grep", "rg", "any:*"]),
            governing: Governing);
        foreach (string file in new[] { "data/keys/audit.pem", "policy.yaml", "agents/a.md" })
        {
            bench.Write(file, Secret);
        }

        File.CreateSymbolicLink(Path.Combine(bench.Root, "link-file"), "policy.yaml");
        Assert.That(HardLink(Path.Combine(bench.Root, "data/keys/audit.pem"), Path.Combine(bench.Root, "hard-key.txt")), Is.Zero);
        bench.ReserveOfCommands();

        ToolOutcome outcome = await bench.InvokeAsync(
            "run_command", new
            {
                command,
                arguments = arguments.Select(argument => argument.Replace("{root}", bench.Root, StringComparison.Ordinal))
            });

        Assert.That(outcome.Text, Does.Contain("reserved for the host").And.Not.Contain(Secret));
    }

    [Test]
    public async Task Start_WorkspaceWithinWhatGoverns_IsRefused()
    {
        using IHost host = HostOf(Full("agents"));
        AgentException? refused = Assert.ThrowsAsync<AgentException>(() => host.StartAsync());
        Assert.That(refused!.Code, Is.EqualTo(ErrorCode.InvalidInput));
        Assert.That(refused.Message, Does.StartWith("Workspace: ").And.Contain("the agents"));
        using IHost apart = HostOf(_bench.Root);
        await apart.StartAsync();
        Assert.That(apart.Services.GetRequiredService<ProtectedPaths>().Find(Full("agents/a.md"))!.What,
            Is.EqualTo("the agents"));
        await apart.StopAsync();
    }

    private IHost HostOf(string workspace)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        _bench.Write("agents/a.md", "---\nname: a\ndescription: works\n---\nWork.\n");
        builder.Services
            .AddAgentFunctions(builder.Configuration, options => options.Workspace = workspace)
            .AddOpenAIModels(builder.Configuration).AddMcpServers().AddMonitors()
            .AddSqliteEngine(static options => options.DataFile = SqliteEngineOptions.InMemory)
            .AddAgentsFrom(Full("agents"));
        return builder.Build();
    }

    internal static IEnumerable<GoverningPath> Governing(string root) =>
    [
        new GoverningPath(Path.Combine(root, "data"),
            "the data folder") { IsSecret = true, Except = Path.Combine(root, "data", "workspaces") },
        new GoverningPath(Path.Combine(root, "data", "agentfunctions.db"), "the data file") { WithSiblings = true },
        new GoverningPath(Path.Combine(root, "agents"), "the agents"),
        new GoverningPath(Path.Combine(root, "policy.yaml"), "the policy"),
        new GoverningPath(Path.Combine(root, ".mcp.json"), "the tool servers"),
        new GoverningPath(Path.Combine(root, "appsettings"), "the configuration") { WithSiblings = true },
    ];

    private static (string, object)[] Calls(string path) =>
    [
        ("read_file", new { path }),
        ("write_file", new { path, content = "stolen" }),
        ("edit_file", new { path, old_text = Secret, new_text = "stolen" }),
        ("search_files", new { pattern = "GOV", path }),
        ("list_files", new { path }),
    ];

    private string Full(string path) => Path.Combine(_bench.Root, path);

    private void Link(string name, string target) => File.CreateSymbolicLink(Full(name), Full(target));

    internal static int HardLink(string from, string to) => link(from, to);

    [DllImport("libc", EntryPoint = "link")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int link([MarshalAs(UnmanagedType.LPUTF8Str)] string from,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string to);
}

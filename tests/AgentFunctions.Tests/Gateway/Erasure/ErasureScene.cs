using System.Text;
using AgentFunctions.Agents;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Swarm;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Gateway.Erasure;

/// <summary>A run tree with marks in all that people and models write, and a look for them in the raw files.</summary>
internal sealed class ErasureScene : IAsyncDisposable
{
    private const string Secret = "hunter2hunter2";
    private const int Count = 50;

    private readonly TemporaryFolder _workspaces = new();
    private readonly Dictionary<string, string[]> _marks = [];

    private ErasureScene()
    {
        foreach (string kind in new[] { "goal", "message", "argument", "result", "file", "artifact", "said", "task", "plan",
            "pin" })
        {
            _marks[kind] = [.. Enumerable.Range(0, Count).Select(number => $"{kind}{number:D2}q{Guid.NewGuid():N}"[..24])];
        }
    }

    public RunHost Host { get; private set; } = null!;

    public static async Task<ErasureScene> StartAsync(Action<IServiceCollection>? services = null)
    {
        var scene = new ErasureScene();
        AgentTool pay = AgentTool.Create(
            "pay", "Pays.", ToolEffect.NotIdempotent,
            (string to, int number) => string.Join(' ', scene._marks["result"].Chunk(10).ElementAt(number)) + to[..0]);
        scene.Host = await RunHost.StartAsync(
            more =>
            {
                more.Configure<RunOptions>(options => options.WorkspaceRoot = scene._workspaces.Path);
                more.AddWorkspaceTools();
                services?.Invoke(more);
            },
            scene.Answer, [pay], static agent => agent.WithInstructions(SwarmScene.LeadInstructions)
                .WithDelegation(Delegation.Kimi),
            ("Secrets:db", Secret));
        return scene;
    }

    /// <summary>
    /// Runs the tree: calls with arguments and results, a file, a plan, pins, a sub-agent, an artifact, a message of a person.
    /// </summary>
    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        Run run = await Host.Gateway.SubmitAsync(
            new RunRequest { Goal = $"Goal {Text("goal")} {Secret}" }, Caller.Local, "key-1", cancellationToken);
        await Host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        await Host.Get<ArtifactStore>()
            .SaveAsync(run.Id, "report.txt", "text/plain", Encoding.UTF8.GetBytes(Text("artifact")), cancellationToken);
        await Host.Steering.SendAsync(run.Id, $"{Text("said")} {Secret}", Caller.Local, "key-2", cancellationToken);
        Run ended = await Host.Reader.WaitForEndAsync(run.Id, cancellationToken);
        Assert.That((ended.Status, ended.SubAgents.Total), Is.EqualTo((RunStatus.Completed, 1)), ended.Error?.Message);
        return run.Id;
    }

    /// <summary>Erases a tree and waits until that is done.</summary>
    public async Task EraseAsync(string id, CancellationToken cancellationToken)
    {
        await Host.Get<RunErasure>().EraseAsync(new EraseRequest(id, "asked for"), Caller.Local, cancellationToken);
        await WaitAsync(id, cancellationToken);
    }

    public async Task WaitAsync(string id, CancellationToken cancellationToken)
    {
        OrchestrationState state = await Host.Get<IOrchestrationClient>()
            .WaitForCompletionAsync(EraseFlow.InstanceIdOf(id), cancellationToken);
        Assert.That(state.Status, Is.EqualTo(OrchestrationStatus.Completed), state.Failure?.Message);
        AgentFunctions.Gateway.Erasure.Erasure erasure = await Host.Get<RunErasure>()
            .GetAsync(id, Caller.Local, cancellationToken);
        Assert.That((erasure.State, erasure.Message), Is.EqualTo((ErasureState.Erased, (string?)null)));
    }

    /// <summary>The kinds of marks that are in the files of the host, with their number.</summary>
    public IReadOnlyDictionary<string, int> Found()
    {
        byte[][] files = [.. Directory.EnumerateFiles(Host.Folder, "*", SearchOption.AllDirectories)
            .Where(static path => !path.EndsWith(".lock", StringComparison.Ordinal))
            .Concat(Directory.EnumerateFiles(_workspaces.Path, "*", SearchOption.AllDirectories)).Select(Read)];
        return _marks.ToDictionary(
            static kind => kind.Key,
            kind => kind.Value.Count(mark => files.Any(file => file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(mark)) >= 0)));
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _workspaces.Dispose();
    }

    private ChatReply Answer(ChatRequest request) => (IsChild(request), request.Turn) switch
    {
        (true, _) => ChatReply.Say("The task is done."),
        (_, 0) => new ChatReply
        {
            Calls =
            [
                .. _marks["argument"].Chunk(10).Select(static (marks, number) => ChatReplyCall.Of("pay",
                    new { to = string.Join(' ', marks), number })),
                ChatReplyCall.Of("write_file", new { path = "notes/secret.txt", content = Text("file") }),
                ChatReplyCall.Of("update_plan", new { items = new[] { new { text = Text("plan"), status = "done" } } }),
                ChatReplyCall.Of("pin_facts", new { facts = new[] { Text("pin") } }),
            ],
        },
        (_, 1) => SwarmScene.Create(),
        (_, 2) => SwarmScene.Assign($"Task {Text("task")}"),
        _ => ChatReply.Say(Text("message")),
    };

    private bool IsChild(ChatRequest request) =>
        request.Messages[1].GetProperty("content").ToString().Contains(_marks["task"][0], StringComparison.Ordinal);

    private string Text(string kind) => string.Join(' ', _marks[kind]);

    private static byte[] Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return bytes;
    }
}

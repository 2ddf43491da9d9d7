using AgentFunctions.Gateway.Folders;
using AgentFunctions.Ledger;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Snapshots;

/// <summary>A restore names, by tool, what it does not undo: effects outside the folder.</summary>
[CancelAfter(300_000)]
internal sealed class RestoreEffectsTests
{
    private static readonly DateTimeOffset Later = new(2126, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Test]
    public async Task Restore_AfterEffectsOutside_NamesThoseOfLaterTurnsByTool(CancellationToken cancellationToken)
    {
        await using RunHost host = await StartAsync();
        Run run = await host.RunAsync();
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed), run.Error?.Message);
        RunFolder folder = host.Get<RunFolder>();

        Assert.That(await EffectsAsync(0), Is.EqualTo(new EffectLeft[] { new("pay", 3, 0), new("tell", 1, 0) }),
            "looking and writing files is none");
        Assert.That(await EffectsAsync(1), Is.EqualTo(new EffectLeft[] { new("pay", 2, 0), new("tell", 1, 0) }));
        Assert.That(await EffectsAsync(2), Is.EqualTo(new EffectLeft[] { new("pay", 1, 0) }));
        Assert.That(await EffectsAsync(4), Is.Empty);

        // A sub-agent that was at work later, and one whose call nobody knows the outcome of.
        await LeaveAsync(new("mail", LedgerState.Finished, Later) { ActsOutside = true, Outcome = new("sent") }, 0);
        await LeaveAsync(new("mail", LedgerState.Unknown, Later) { ActsOutside = true }, 1);
        await LeaveAsync(new("mail", LedgerState.Finished,
            DateTimeOffset.UnixEpoch)
        { ActsOutside = true, Outcome = new("sent") }, 2);
        Assert.That(await EffectsAsync(2), Is.EqualTo(new EffectLeft[] { new("mail", 2, 1), new("pay", 1, 0) }));

        RestoreReport done = await folder.RestoreAsync(run.Id, new RestoreRequest(2), cancellationToken: cancellationToken);
        Assert.That(done.Effects.Select(static one => one.Tool), Is.EqualTo(new[] { "mail", "pay" }));

        async Task<IReadOnlyList<EffectLeft>> EffectsAsync(int turn) =>
            (await folder.RestoreAsync(run.Id, new RestoreRequest(turn) { DryRun = true },
                cancellationToken: cancellationToken)).Effects;

        Task LeaveAsync(LedgerEntry entry, int call) =>
            host.Get<CallLedger>().WriteAsync($"{run.Id}.1", 1, call, entry, cancellationToken);
    }

    private static Task<RunHost> StartAsync() => RunHost.StartAsync(
        static services =>
        {
            services.AddOptions<RunOptions>().Configure<IOptions<SqliteEngineOptions>>(
                static (options, engine) => options.WorkspaceRoot = Path.Combine(Path.GetDirectoryName(engine.Value.DataFile)!,
                    "folders"));
            services.AddWorkspaceTools();
        },
        static request => request.Turn switch
        {
            0 => ChatReply.Call("pay", new { to = "a" }),
            1 => new ChatReply
            {
                Calls =
                [
                    ChatReplyCall.Of("pay", new { to = "b" }),
                    ChatReplyCall.Of("tell", new { to = "b" }),
                    ChatReplyCall.Of("look", new { at = "b" }),
                    ChatReplyCall.Of("write_file", new { path = "a.txt", content = "b" }),
                ],
            },
            2 => ChatReply.Call("pay", new { to = "c" }),
            _ => ChatReply.Say("done"),
        },
        [
            AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, static (string to) => $"paid {to}"),
            AgentTool.Create("tell", "Tells.", ToolEffect.Idempotent, static (string to) => $"told {to}"),
            AgentTool.Create("look", "Looks.", ToolEffect.None, static (string at) => $"seen {at}"),
        ],
        static agent => agent.WithTools("pay", "tell", "look", "write_file"));
}

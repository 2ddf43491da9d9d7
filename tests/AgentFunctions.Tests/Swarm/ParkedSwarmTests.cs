using System.Collections.Concurrent;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using AgentFunctions.Agents;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;
using static AgentFunctions.Tests.Swarm.SwarmScene;

namespace AgentFunctions.Tests.Swarm;

/// <summary>
/// A data file that an earlier build wrote is taken up by this one. The committed file holds a swarm: its lead waits, one
/// sub-agent has ended, one waits for a person's approval, one was stopped in the middle of a call.
/// </summary>
public sealed class ParkedSwarmTests
{
    private const string Policy = """
        rules:
          - name: payments
            when: { tool: pay }
            then: ask
            approval: { roles: [lead], expires: 48h }
          - name: swarm
            when: { tool: [spawn, wait, results] }
            then: allow
        """;

    private static readonly string[] Letters = ["a", "b", "c"];

    /// <summary>When the file was written; the clock of the test goes on from there.</summary>
    private static readonly DateTimeOffset ParkedAt = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    private static string Fixture([CallerFilePath] string path = "") =>
        Path.Combine(Path.GetDirectoryName(path)!, "parked-swarm.db.gz");

    [Test]
    public async Task DataFile_OfAnEarlierBuild_FinishesItsSwarm()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "parked.db");
        await using (FileStream packed = File.OpenRead(Fixture()))
        await using (FileStream unpacked = File.Create(file))
        {
            await new GZipStream(packed, CompressionMode.Decompress).CopyToAsync(unpacked);
        }

        ConcurrentQueue<string> made = [];
        await using RunHost host = await StartAsync(folder, file, made, reached: null);
        Approval asked = (await host.Get<ApprovalService>().ListAsync()).Single();
        await host.Get<ApprovalService>()
            .DecideAsync(asked.Id, new Caller("bob") { Roles = [CallerRoles.Approver, "lead"] }, approve: true);

        Run run = await host.Reader.WaitForEndAsync(await LeadAsync(host));

        Assert.Multiple(() =>
        {
            Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
            Assert.That(run.Result?.Text, Does.Contain("a is done").And.Contain("paid b").And.Contain("looked at c"));
            Assert.That(made, Is.EquivalentTo(["pay b", "look c"]));
        });
    }

    [Test]
    [Explicit("Writes the data file: by the build that a change of the inside starts from, and never after.")]
    public async Task ParkedSwarm_IsWritten()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "parked.db");
        var reached = new TaskCompletionSource();
        await using (RunHost host = await StartAsync(folder, file, [], reached))
        {
            Run lead = await host.SubmitAsync(Goal);
            await reached.Task;
            await Poll.UntilAsync(async () =>
                (await host.Get<ApprovalService>().ListAsync()).Count > 0
                    && (await host.Reader.GetAsync(lead.Id)).SubAgents is { Running: 2 });

            // The host stops with the swarm as it stands, and its data file is copied before anything is cleaned up.
            await host.StopAsync();
            await using FileStream packed = File.Create(Fixture());
            await using var zip = new GZipStream(packed, CompressionLevel.SmallestSize);
            await using FileStream written = File.OpenRead(file);
            await written.CopyToAsync(zip);
            await host.RestartAsync();
        }
    }

    private static Task<RunHost> StartAsync(TemporaryFolder folder, string file, ConcurrentQueue<string> made,
        TaskCompletionSource? reached) =>
        RunHost.StartAsync(
            services =>
            {
                services.Configure<SqliteEngineOptions>(options => options.DataFile = file);
                services.AddSingleton<TimeProvider>(new VirtualTime(ParkedAt));
            },
            request => IsLead(request) ? Lead(request) : Child(request),
            [
                AgentTool.Create("pay", "Pays.", ToolEffect.NotIdempotent, (string to) =>
                {
                    made.Enqueue($"pay {to}");
                    return $"paid {to}";
                }),
                AgentTool.Create("look", "Looks.", ToolEffect.None, async (string at, CancellationToken cancellationToken) =>
                {
                    if (reached is not null)
                    {
                        reached.TrySetResult();
                        await Task.Delay(Timeout.Infinite, cancellationToken);
                    }

                    made.Enqueue($"look {at}");
                    return $"looked at {at}";
                }),
            ],
            agent => agent.WithInstructions(LeadInstructions).WithDelegation(Delegation.Native),
            ("Governance:PolicyPath", folder.Write("policy.yaml", Policy)));

    private static ChatReply Lead(ChatRequest request) => request.Turn switch
    {
        0 => ChatReply.Call("spawn", new { items = Letters, template = "Work on {item}." }),
        1 => ChatReply.Call("wait", new { }),
        2 => ChatReply.Call("results", new { limit = 3 }),
        _ => ChatReply.Say(request.Results[^1]),
    };

    private static ChatReply Child(ChatRequest request) => (GoalOf(request), request.Turn) switch
    {
        ("Work on a.", _) => ChatReply.Say("a is done"),
        ("Work on b.", 0) => ChatReply.Call("pay", new { to = "b" }),
        ("Work on c.", 0) => ChatReply.Call("look", new { at = "c" }),
        _ => ChatReply.Say(request.Results[^1]),
    };

    private static async Task<string> LeadAsync(RunHost host) => (await host.Reader.ListAsync(new RunFilter()).FirstAsync()).Id;
}

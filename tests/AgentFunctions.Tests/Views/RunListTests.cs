using System.Text;
using AgentFunctions.Agents;
using AgentFunctions.Gateway;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;
using AgentFunctions.Sqlite.Operations;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Views.Runs;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.Tests.Views;

/// <summary>Lists and trees of a whole host, read from the index.</summary>
[CancelAfter(300_000)]
internal sealed class RunListTests
{
    [Test]
    public async Task List_OfRunsThatHaveEnded_ShowsWhatEachRunShows(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(
            static request => request.Turn == 0 ? ChatReply.Call("fail", new { }) : ChatReply.Say("done"), [Failing()],
            static agent => agent.WithTools("fail"));
        await WaitForIndexAsync(host, cancellationToken);
        await host.RunAsync("One.");
        await host.RunAsync("Two.",
            new RunRequest
            {
                Labels = new Dictionary<string, string> { ["team"] = "red" },
                Budget = new() { Steps = 50, Tokens = 9_000_000 }
            });
        await host.RunAsync("Three.", new RunRequest { Budget = new() { Steps = 1 } });
        await host.RunAsync(new string('g', 3_000), new RunRequest { Acceptance = new() { Criteria = "Well done." } });

        foreach (string pass in (string[])["checked", "indexed"])
        {
            Run[] listed = [.. await host.Reader.ListAsync(new RunFilter(), cancellationToken).ToListAsync(cancellationToken)];
            Assert.That(listed, Has.Length.EqualTo(4));
            foreach (Run run in listed)
            {
                Assert.That(Shown(run), Is.EqualTo(Shown(await host.Reader.GetAsync(run.Id, cancellationToken))), pass);
            }
        }

        Assert.That(
            host.Get<RunIndex>().Rows.Where(static row => row.IsConfirmed), Has.Count.EqualTo(4),
            "what the first list found out, the second one read");
        Assert.That(await GoalsAsync(host, new RunFilter { Label = "team=red" }, cancellationToken),
            Is.EqualTo(new[] { "Two." }));
        Assert.That(await GoalsAsync(host, new RunFilter { Status = RunStatus.BudgetExhausted }, cancellationToken),
            Is.EqualTo(new[] { "Three." }));
        Assert.That(await GoalsAsync(host, new RunFilter { Requester = "somebody" }, cancellationToken), Is.Empty);
    }

    [Test]
    public async Task List_OfADataFileFromBefore_LacksNoRunAndIsIndexed(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        for (int number = 0; number < 5; number++)
        {
            await host.RunAsync($"Goal {number}.");
        }

        await ForgetIndexAsync(host, cancellationToken);
        await host.RestartAsync();
        string[] goals = ["Goal 4.", "Goal 3.", "Goal 2.", "Goal 1.", "Goal 0."];

        Assert.That(await GoalsAsync(host, new RunFilter(), cancellationToken), Is.EqualTo(goals), "before it is indexed");
        await WaitForIndexAsync(host, cancellationToken);
        Assert.That(await GoalsAsync(host, new RunFilter(), cancellationToken), Is.EqualTo(goals), "from the index");
        Assert.That(host.Get<RunIndex>().Rows.Count, Is.EqualTo(5));
    }

    [Test]
    public async Task List_RunThatAnotherVersionAdmitted_ComesWithItsFirstStep(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        await WaitForIndexAsync(host, cancellationToken);
        await host.Get<RunIndexView>().OpenAsync(host.Reader, cancellationToken);
        await host.Get<RunIndexRepair>().Work;

        // It wrote the record alone, and this version makes the steps.
        RunRecord record = RunIndexConformance.Record("7unknown") with { DefinitionHash = "" };
        await new RunStore(host.Get<IRecordStore>(), host.Get<IBlobStore>()).AddAsync(record, cancellationToken);
        await host.Get<Journal>()
            .AppendAsync(record.Id, new JournalEvent(JournalEventTypes.ModelCompleted, DateTimeOffset.UtcNow), cancellationToken);

        Assert.That(await host.Get<RunIndex>().RefreshAsync(cancellationToken), Is.True);
        Assert.That(host.Get<RunIndex>().Rows.Find(record.Id), Is.Not.Null);
    }

    [Test]
    public async Task List_WithASecretInALabel_IsFilteredByTheTruthAndShowsTheMask(CancellationToken cancellationToken)
    {
        const string Secret = "sk-test-0123456789abcdef0123456789abcdef";
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        await WaitForIndexAsync(host, cancellationToken);
        host.Get<AgentFunctions.Governance.Redaction.Redactor>().Add("key", Secret);
        await host.RunAsync($"Use {Secret}.", new RunRequest { Labels = new Dictionary<string, string> { ["key"] = Secret } });

        Run found = (await host.Reader.ListAsync(new RunFilter { Label = $"key={Secret}" }, cancellationToken)
            .ToListAsync(cancellationToken)).Single();

        Assert.That((found.Goal, found.Labels["key"]), Is.EqualTo(("Use [secret:key].", "[secret:key]")));
        foreach (int shard in Enumerable.Range(0, RunIndexStreams.Count))
        {
            await foreach (LogEntry entry in host.Get<ILogStore>()
                .ReadAsync(RunIndexStreams.NameOf(shard), 0, null, cancellationToken))
            {
                Assert.That(Encoding.UTF8.GetString(entry.Data.Span), Does.Not.Contain(Secret));
            }
        }
    }

    [Test]
    public async Task Tree_OfARunThatHasEnded_IsTheSameFromTheIndex(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(
            static request => (request.Messages[1].GetProperty("content").ToString().Contains("Lead", StringComparison.Ordinal),
                request.Turn) switch
            {
                (true, 0) => ChatReply.Call("spawn", new { items = new[] { "a", "b", "c" }, template = "Note {item}" }),
                (true, 1) => ChatReply.Call("wait", new { }),
                _ => ChatReply.Say("done"),
            },
            null, static agent => agent.WithDelegation(Delegation.Native));
        Run lead = await host.RunAsync("Lead.");
        await ForgetIndexAsync(host, cancellationToken);
        await host.RestartAsync();

        RunTree records = await host.Get<RunTreeReader>().GetAsync(lead.Id, cancellationToken);
        await WaitForIndexAsync(host, cancellationToken);
        RunTree indexed = await host.Get<RunTreeReader>().GetAsync(lead.Id, cancellationToken);

        Assert.That(records.Children, Has.Count.EqualTo(3));
        Assert.That(host.Get<RunIndex>().Rows.Below(lead.Id).Select(static row => row.IsConfirmed),
            Is.EqualTo(new[] { true, true, true }));
        Assert.That(indexed.Children.Select(static child => (child.Name, Shown(child.Run))),
            Is.EqualTo(records.Children.Select(static child => (child.Name, Shown(child.Run)))));
        Assert.That((indexed.Steps, indexed.CriticalSteps, indexed.Usage),
            Is.EqualTo((records.Steps, records.CriticalSteps, records.Usage)));
    }

    [Test]
    public async Task Check_OfAnIndexThatLacksARun_SaysSo_AndReindexMakesItGood(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("done"));
        await WaitForIndexAsync(host, cancellationToken);
        Run first = await host.RunAsync("One.");
        await host.RunAsync("Two.");
        await host.StopAsync();
        Assert.That(DataFile.Check(host.DataFile, cancellationToken: cancellationToken), Is.Empty);

        await host.StartAgainAsync();
        await host.Get<ILogStore>().DeleteAsync(RunIndexStreams.NameOf(RunIndexStreams.ShardOf(first.Id)), cancellationToken);
        await host.StopAsync();
        Assert.That(DataFile.Check(host.DataFile, cancellationToken: cancellationToken),
            Has.Some.Contains($"lacks run '{first.Id}'").And.Some.Contains("engine reindex"));

        Assert.That(DataFile.Reindex(host.DataFile), Is.GreaterThanOrEqualTo(0));
        Assert.That(DataFile.Check(host.DataFile, cancellationToken: cancellationToken), Is.Empty, "there is none");
        await host.StartAgainAsync();
        Assert.That(await GoalsAsync(host, new RunFilter(), cancellationToken), Is.EqualTo(new[] { "Two.", "One." }));
        await WaitForIndexAsync(host, cancellationToken);
        await host.StopAsync();
        Assert.That(DataFile.Check(host.DataFile, cancellationToken: cancellationToken), Is.Empty);
        await host.StartAgainAsync();
    }

    private static AgentTool Failing() =>
        AgentTool.Create("fail", "Fails.", ToolEffect.None, static string () => throw new InvalidOperationException("It broke."));

    private static async Task WaitForIndexAsync(RunHost host, CancellationToken cancellationToken)
    {
        while (!await host.Get<RunIndexView>().OpenAsync(host.Reader, cancellationToken))
        {
            await host.Get<RunIndexRepair>().Work;
        }
    }

    private static async Task ForgetIndexAsync(RunHost host, CancellationToken cancellationToken)
    {
        await host.Get<RunIndexRepair>().Work;
        await host.Get<IRecordStore>().DeleteAsync(RunIndexStreams.StateKey, default, cancellationToken);
        for (int shard = 0; shard < RunIndexStreams.Count; shard++)
        {
            await host.Get<ILogStore>().DeleteAsync(RunIndexStreams.NameOf(shard), cancellationToken);
        }
    }

    private static async Task<string[]> GoalsAsync(RunHost host, RunFilter filter, CancellationToken cancellationToken) =>
        [.. await host.Reader.ListAsync(filter, cancellationToken).Select(static run => run.Goal).ToListAsync(cancellationToken)];

    /// <summary>All that a list shows of a run, comparable.</summary>
    private static string Shown(Run run) => string.Join('\n',
        (run with { Plan = [], Result = null, Labels = new Dictionary<string, string>(), Waits = [] }).ToString(),
        string.Join(',', run.Labels.Select(static label => $"{label.Key}={label.Value}")),
        string.Join(',', run.Waits));
}

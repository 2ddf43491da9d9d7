using System.Globalization;
using AgentFunctions.Agents;
using AgentFunctions.Gateway.Folders;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.Swarm;

namespace AgentFunctions.Tests.Snapshots;

[CancelAfter(900_000)]
internal sealed class SwarmUndoTests
{
    private const int Undone = 7;

    private static readonly int Count =
        int.TryParse(Environment.GetEnvironmentVariable("AGENTFUNCTIONS_SUBAGENTS"), CultureInfo.InvariantCulture, out int count)
            ? count
            : 300;

    [Test]
    public async Task Restore_OfOneSubAgentOfMany_TakesBackItsOwnAndNamesWhatOthersChangedSince()
    {
        // All but the last at once; the last one writes what one of them wrote.
        await using RunHost host = await FolderHost.StartAsync(
            request => SwarmScene.IsLead(request) ? Lead(request) : Child(request, SwarmScene.GoalOf(request)),
            agent => agent.WithInstructions(SwarmScene.LeadInstructions).WithDelegation(Delegation.Native));
        Run run = await host.RunAsync(SwarmScene.Goal);
        Assert.That((run.Status, run.SubAgents.Total), Is.EqualTo((RunStatus.Completed, Count)), run.Error?.Message);
        string folder = (await host.Get<RunStore>().GetAsync(run.Id)).Workspace!;
        var before = FolderHost.Contents(folder).ToList();
        RunRecord child = await ChildAsync(host, run.Id, $"Write {Undone}.");

        RestoreReport report = await host.Get<RunFolder>().RestoreAsync(child.Id, new RestoreRequest(0));

        RunRecord last = await ChildAsync(host, run.Id, "Overwrite.");
        Assert.That(report.Conflicts.Select(static one => (one.Path, one.By)), Is.EqualTo(new[] { ("shared.txt", last.Id) }));
        Assert.That(report.Restored.Select(static one => one.Path),
            Is.EqualTo(new[] { $"own-{Undone}", $"own-{Undone}/file.txt" }));
        Assert.That(FolderHost.Contents(folder),
            Is.EqualTo(before.Where(static line => !line.StartsWith($"own-{Undone}/", StringComparison.Ordinal)
                && !line.StartsWith($"own-{Undone} ", StringComparison.Ordinal))));

        await host.Get<RunFolder>().RestoreAsync(child.Id, new RestoreRequest(2));
        Assert.That(FolderHost.Contents(folder), Is.EqualTo(before), "an undo is undone");
        RunChanges all = await host.Get<RunFolder>().ChangesAsync(run.Id);
        Assert.That(all.Entries.Select(static entry => entry.Run).Distinct().Count(), Is.EqualTo(Count));

        await host.Get<RunFolder>().RestoreAsync(run.Id, new RestoreRequest(0));
        Assert.That(FolderHost.Contents(folder), Is.Empty, "the lead takes its whole tree back");
    }

    private static ChatReply Lead(ChatRequest request) => request.Turn switch
    {
        0 => ChatReply.Call("spawn",
            new { items = Enumerable.Range(0, Count - 1).Select(static number => $"{number}"), template = "Write {item}." }),
        1 or 3 => ChatReply.Call("wait", new { }),
        2 => ChatReply.Call("spawn", new { items = new[] { "last" }, template = "Overwrite." }),
        _ => ChatReply.Say("done"),
    };

    private static ChatReply Child(ChatRequest request, string goal)
    {
        if (request.Turn > 0)
        {
            return ChatReply.Say("done");
        }

        if (goal.Contains("Overwrite", StringComparison.Ordinal))
        {
            return FolderHost.Write("shared.txt", "of the last");
        }

        string number = goal.Split(' ', '.')[1];
        ChatReplyCall own = ChatReplyCall.Of("write_file", new { path = $"own-{number}/file.txt", content = $"of {number}" });
        return new ChatReply
        {
            Calls = number == $"{Undone}"
                ? [own, ChatReplyCall.Of("write_file", new { path = "shared.txt", content = "of the one" })]
                : [own],
        };
    }

    private static async Task<RunRecord> ChildAsync(RunHost host, string root, string goal)
    {
        await foreach (RunRecord record in host.Get<RunStore>().ListDescendantsAsync(root))
        {
            if (record.Goal.Contains(goal, StringComparison.Ordinal))
            {
                return record;
            }
        }

        throw new AssertionException($"no sub-agent has the goal '{goal}'");
    }
}

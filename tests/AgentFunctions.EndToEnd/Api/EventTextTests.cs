using System.Text;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views.Live;

namespace AgentFunctions.EndToEnd.Api;

/// <summary>Whatever a follower can be told has its place in the event stream: one that has none would end it.</summary>
internal sealed class EventTextTests
{
    private static readonly RunSignal[] s_signals =
    [
        new JournalSignal(3, new JournalEvent(JournalEventTypes.RunEnded, default)),
        new ModelStarted(1, 1, "d", "m", default),
        new ModelRetrying(1, 2, "ModelUnavailable", "Nobody listens.", default),
        new ModelSnapshot(1, 1, "d", 0, "text"),
        new ModelDelta(1, 1, "d", ModelChannel.Text, 0, "text"),
        new ModelReset(1, 1, "cutOff"),
        new RunStateChanged(RunStatus.Running, "model", [], default),
        new ToolProgressed(1, 0, "copy", "3 of 9"),
        new TreePatched(1, []),
    ];

    [Test]
    public void Of_EverySignalThatThereIs_IsAnEventWithAPositionOnlyIfItIsRecorded()
    {
        Type[] all = [.. typeof(RunSignal).Assembly.GetTypes().Where(static type => type.IsSubclassOf(typeof(RunSignal)))];
        Assert.That(s_signals.Select(static signal => signal.GetType()), Is.EquivalentTo(all));
        foreach (RunSignal signal in s_signals)
        {
            string text = Encoding.UTF8.GetString(EventText.Of(signal));
            Assert.That(text, Does.Contain("event: ").And.Contain("\ndata: {").And.EndsWith("}\n\n"));
            Assert.That(text.StartsWith("id: ", StringComparison.Ordinal), Is.EqualTo(signal is JournalSignal), text);
        }
    }
}

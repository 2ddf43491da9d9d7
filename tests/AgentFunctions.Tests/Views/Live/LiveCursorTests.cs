using AgentFunctions.Live;
using AgentFunctions.Records;
using AgentFunctions.Views.Live;

namespace AgentFunctions.Tests.Views.Live;

/// <summary>What a follower is shown of frames: changes, and what it has missed.</summary>
internal sealed class LiveCursorTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Test]
    public void Take_FramesThatGrow_GivesWhatIsNew()
    {
        var cursor = new LiveCursor();
        Assert.That(cursor.Take(Frame("")), Is.EqualTo(new RunSignal[] { new ModelStarted(1, 1, "a", "m", Start) }));
        Assert.That(cursor.Take(Frame("one")),
            Is.EqualTo(new RunSignal[] { new ModelDelta(1, 1, "a", ModelChannel.Text, 0, "one") }));
        Assert.That(cursor.Take(Frame("one")), Is.Empty);
        Assert.That(cursor.Take(Frame("one, two, three")),
            Is.EqualTo(new RunSignal[] { new ModelDelta(1, 1, "a", ModelChannel.Text, 3, ", two, three") }));
    }

    [Test]
    public void Take_ByOneWhoJoinsLate_BeginsWithASnapshot()
    {
        IReadOnlyList<RunSignal> signals = new LiveCursor().Take(Frame("so far"));
        Assert.That(signals[1], Is.InstanceOf<ModelSnapshot>().With.Property(nameof(ModelSnapshot.Text)).EqualTo("so far"));
        Assert.That(signals, Has.Count.EqualTo(2));
    }

    [Test]
    public void Take_ByOneWhoIsTooFarBehind_ShedsAndGoesOnFromASnapshot()
    {
        var cursor = new LiveCursor();
        cursor.Take(Frame(""));
        cursor.Take(Frame("one"));
        IReadOnlyList<RunSignal> signals = cursor.Take(Frame("tail", from: 1_000));

        Assert.That(signals[0], Is.EqualTo(new ModelReset(1, 1, "shed")));
        Assert.That(((ModelSnapshot)signals[1]).At, Is.EqualTo(1_000));
        Assert.That(cursor.Take(Frame("tail and more", from: 1_000)),
            Is.EqualTo(new RunSignal[] { new ModelDelta(1, 1, "a", ModelChannel.Text, 1_004, " and more") }));
    }

    [Test]
    public void Take_AnswerThatIsSaidAnew_ResetsAndSaysAllOfIt()
    {
        var cursor = new LiveCursor();
        cursor.Take(Frame(""));
        cursor.Take(Frame("it is hunter2"));
        IReadOnlyList<RunSignal> signals =
            cursor.Take(Frame("it is [secret:x]", answer => answer with { Revision = 1, RevisedFor = "redaction" }));

        Assert.That(signals[0], Is.EqualTo(new ModelReset(1, 1, "redaction")));
        Assert.That(((ModelSnapshot)signals[1]).Text, Is.EqualTo("it is [secret:x]"));
    }

    [Test]
    public void Take_TwoCallsOfTheSameTurn_ShowsTheLaterOneAlone()
    {
        LiveFrame first = Frame("first");
        LiveFrame second = Frame("second", answer => answer with { Delivery = "b", StartedAt = Start.AddSeconds(1) });
        var cursor = new LiveCursor();
        cursor.Take(Frame(""));
        cursor.Take(first);

        LiveFrame merged = second.After(first);
        IReadOnlyList<RunSignal> signals = cursor.Take(merged);
        Assert.That(signals[0], Is.EqualTo(new ModelReset(1, 1, "superseded")));
        Assert.That(signals[1], Is.EqualTo(new ModelStarted(1, 2, "b", "m", Start.AddSeconds(1))));
        Assert.That(first.After(merged).Answer!.Delivery, Is.EqualTo("b"), "what the earlier one goes on to say is not shown");
    }

    [Test]
    public void Take_AnswerThatIsRecorded_IsShownNoMore()
    {
        var cursor = new LiveCursor();
        cursor.Take(Frame("text"));
        cursor.Take(new JournalEvent(JournalEventTypes.ModelCompleted, Start) { Turn = 1 });
        Assert.That(cursor.Take(Frame("text, and its end")), Is.Empty);
    }

    [Test]
    public void Take_AttemptThatFailedBeforeItSaidAnything_ResetsNothing()
    {
        var cursor = new LiveCursor();
        cursor.Take(Frame(""));
        Assert.That(cursor.Take(Frame("", static answer => answer with { Ended = LiveEnd.CutOff })), Is.Empty);
    }

    [Test]
    public void Take_CallThatIsCutOffBeforeItSaidAnything_VoidsWhatTheOneBeforeSaid()
    {
        var cursor = new LiveCursor();
        cursor.Take(Frame(""));
        cursor.Take(Frame("of the first"));
        IReadOnlyList<RunSignal> signals = cursor.Take(
            Frame("", static answer => answer with
            {
                Delivery = "b",
                StartedAt = Start.AddSeconds(1),
                Attempt = 2,
                Ended = LiveEnd.CutOff
            }));

        Assert.That(signals, Is.EqualTo(new RunSignal[] { new ModelReset(1, 1, "cutOff") }));
    }

    [Test]
    public void Take_AttemptAfterOneThatWasCutOffUnseen_SaysThatItWasCutOff()
    {
        var cursor = new LiveCursor();
        cursor.Take(Frame(""));
        LiveFrame first = Frame("first");
        cursor.Take(first);
        LiveFrame cut = Frame("first", static answer => answer with { Ended = LiveEnd.CutOff }).After(first);
        LiveFrame second = Next("second").After(cut);

        Assert.That(cursor.Take(second)[0], Is.EqualTo(new ModelReset(1, 1, "cutOff")));
        Assert.That(Next("second and more").After(second).Answer!.Before, Is.EqualTo(LiveEnd.CutOff));

        static LiveFrame Next(string text) =>
            Frame(text, static answer => answer with { Delivery = "b", StartedAt = Start.AddSeconds(1) });
    }

    [Test]
    public void Take_AnswerThatGoesOnAfterItWasBelievedCutOff_IsStartedAnew()
    {
        var cursor = new LiveCursor();
        cursor.Take(Frame(""));
        cursor.Take(Frame("first"));
        cursor.Take(Frame("first", static answer => answer with { Ended = LiveEnd.CutOff }));

        Assert.That(cursor.Take(Frame("first, and more")), Is.EqualTo(new RunSignal[]
        {
            new ModelStarted(1, 1, "a", "m", Start), new ModelDelta(1, 1, "a", ModelChannel.Text, 0, "first, and more"),
        }));
    }

    [Test]
    public void Take_AnswerThatIsSaidAnewAndCutOffAtOnce_IsCutOff()
    {
        var cursor = new LiveCursor();
        cursor.Take(Frame(""));
        cursor.Take(Frame("it is hunter2"));
        IReadOnlyList<RunSignal> signals = cursor.Take(
            Frame("it is [secret:x]",
                static answer => answer with { Revision = 1, RevisedFor = "redaction", Ended = LiveEnd.CutOff }));

        Assert.That(signals, Is.EqualTo(new RunSignal[] { new ModelReset(1, 1, "cutOff") }));
    }

    [Test]
    public void After_TheSameFrameAgain_IsTheOneBefore()
    {
        LiveFrame first = Frame("first");
        LiveFrame second = Frame("second", static answer => answer with { Delivery = "b" });
        LiveFrame both = second.After(first);

        Assert.That(second.After(both), Is.SameAs(both));
        Assert.That(first.After(both), Is.SameAs(both), "of two that began at the same moment one stands, always the same");
        LiveFrame progress = new LiveFrame { RunId = "r", Turn = 1, Progress = [new(0, "copy", "1 of 9", Start)] }.After(both);
        Assert.That(second.After(progress), Is.SameAs(progress));
    }

    [Test]
    public void Take_ProgressOfTools_IsShownOnce()
    {
        var cursor = new LiveCursor();
        LiveFrame frame = new LiveFrame { RunId = "r", Turn = 1, Progress = [new(0, "copy", "1 of 9", Start)] };
        Assert.That(cursor.Take(frame), Is.EqualTo(new RunSignal[] { new ToolProgressed(1, 0, "copy", "1 of 9") }));
        LiveFrame both = new LiveFrame { RunId = "r", Turn = 1, Progress = [new(1, "move", "half", Start)] }.After(frame);
        Assert.That(cursor.Take(both), Is.EqualTo(new RunSignal[] { new ToolProgressed(1, 1, "move", "half") }));
    }

    private static LiveFrame Frame(string text, Func<LiveAnswer, LiveAnswer>? change = null, long from = 0)
    {
        var answer = new LiveAnswer { Delivery = "a", StartedAt = Start, Model = "m", Text = new LiveSpan(from, text) };
        return new LiveFrame { RunId = "r", Turn = 1, Answer = change?.Invoke(answer) ?? answer };
    }
}

using AgentFunctions.Cli.Output;
using AgentFunctions.Records;
using AgentFunctions.Views.Live;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary>What a terminal shows of an answer that is being written.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class LiveScreenTests
{
    private readonly LiveScreen _screen = new();

    [Test]
    public void Lines_OfTextThatGrows_AreItsEnd()
    {
        Take(Started(1), Delta("The first line.\nThe second"), Delta(" line, which is longer than the terminal is wide."));

        Assert.That(Lines(20, 3), Is.EqualTo(new[] { "which is longer than", "the terminal is", "wide." }));
    }

    [Test]
    public void Lines_OfTextThatSteersTheTerminal_HaveNothingOfThat()
    {
        Take(Started(1), Delta("red: \u001b[31mred\u001b[0m\u202e and\r\nmore"));

        Assert.That(string.Join('|', Lines(80, 8)),
            Does.Contain("red").And.Contain("more").And.Not.Contain("\u001b").And.Not.Contain("\u202e"));
    }

    [Test]
    public void Lines_BeforeTheFirstWord_AreThoughtsAndThenNoMore()
    {
        Take(Started(1), Delta("Hm.", ModelChannel.Reasoning));
        Assert.That(Lines(80, 8), Is.EqualTo(new[] { "(thinks) Hm." }));
        Take(Delta("I know."));
        Assert.That(Lines(80, 8), Is.EqualTo(new[] { "I know." }));
    }

    [Test]
    public void Lines_WhileACallIsWritten_SayHowLongItIs()
    {
        Take(Started(1), Delta("{\"path\":", ModelChannel.Arguments) with { Call = 0, Tool = "write_file" });
        Assert.That(Lines(80, 8), Is.EqualTo(new[] { "writes write_file (8 characters so far)" }));
    }

    [Test]
    public void Take_AnswerThatIsCutOff_SaysItAndStrikesItOutUntilTheNext()
    {
        Take(Started(1), Delta("Half a"));
        string? told = _screen.Take(new ModelReset(1, 1, "cutOff"));
        Assert.That((told, _screen.IsVoid),
            Is.EqualTo(("  the answer of attempt 1 was cut off; what was shown of it does not count", true)));
        Assert.That(Lines(80, 8), Is.EqualTo(new[] { "Half a" }));

        Take(Started(1), Delta("A whole one"));
        Assert.That(_screen.IsVoid, Is.False);
        Assert.That(Lines(80, 8), Is.EqualTo(new[] { "A whole one" }));
    }

    [Test]
    public void Take_ResetBeforeAnythingWasShown_SaysNothing() =>
        Assert.That(_screen.Take(new ModelReset(null, null, "reconnected")), Is.Null);

    [Test]
    public void Take_Snapshot_StandsInPlaceOfWhatWasShown()
    {
        Take(Started(1), Delta("one"), new ModelSnapshot(1, 1, "d", 1_000, "the tail") { Calls = [new(0, "copy", 12, "tail")] });
        Assert.That(Lines(80, 8), Is.EqualTo(new[] { "the tail", "writes copy (12 characters so far)" }));
    }

    [Test]
    public void Take_RecordOfTheAnswer_ClearsIt()
    {
        Take(Started(1), Delta("text"), Recorded(1));
        Assert.That(Lines(80, 8), Is.Empty);
    }

    [Test]
    public void Take_RecordThatComesAfterTheNextAnswerBegan_LeavesThatOne()
    {
        Take(Started(1), Delta("first"), Started(2), Delta("second"), Recorded(1));
        Assert.That(Lines(80, 8), Is.EqualTo(new[] { "second" }));
    }

    [Test]
    public void Take_ProgressOfTools_IsShownUntilTheirEnd()
    {
        Take(new ToolProgressed(1, 0, "copy", "3 of 9"), new ToolProgressed(1, 1, "move", "half"),
            new ToolProgressed(1, 0, "copy", "4 of 9"));
        Assert.That(Lines(80, 8), Is.EqualTo(new[] { "copy: 4 of 9", "move: half" }));
        Take(new JournalSignal(5, new JournalEvent(JournalEventTypes.ToolCompleted, default) { Turn = 1, Call = 0 }));
        Assert.That(Lines(80, 8), Is.EqualTo(new[] { "move: half" }));
    }

    [Test]
    public void Lines_OfVeryMuchText_KeepWholeCharacters()
    {
        Take(Started(1));
        for (int i = 0; i < 2_000; i++)
        {
            Take(Delta("😀😀😀😀😀😀😀😀😀"));
        }

        foreach (string line in Lines(21, 50))
        {
            Assert.That(line.Length > 0 && !char.IsLowSurrogate(line[0]) && !char.IsHighSurrogate(line[^1]), Is.True, line);
        }
    }

    private void Take(params RunSignal[] signals)
    {
        foreach (RunSignal signal in signals)
        {
            _screen.Take(signal);
        }
    }

    private IReadOnlyList<string> Lines(int width, int most) => _screen.Lines(width, most);

    private static ModelStarted Started(int turn) => new(turn, 1, "d", "m", default);

    private static ModelDelta Delta(string text, ModelChannel channel = ModelChannel.Text) => new(1, 1, "d", channel, 0, text);

    private static JournalSignal Recorded(int turn) =>
        new(3, new JournalEvent(JournalEventTypes.ModelCompleted, default) { Turn = turn });
}

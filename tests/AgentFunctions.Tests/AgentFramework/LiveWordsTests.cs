using AgentFunctions.AgentFramework.AIAgents;
using AgentFunctions.Views.Live;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>What a caller is told of an answer while it is written, over streams that end in its middle.</summary>
internal sealed class LiveWordsTests
{
    [Test]
    public void Take_AnswerAfterAnotherStream_GoesOnAfterTheWordsThatWereTold()
    {
        LiveWords live = After("One two", turn: 3);

        Assert.That(live.Take(Delta(3, 0, "One "), false), Is.Null, "told before");
        Assert.That(live.Take(Delta(3, 4, "two three"), false), Is.EqualTo((3, " three")));
        Assert.That(live.RestOf(3, "One two three four."), Is.EqualTo((" four.", false)));
        Assert.That(live.Told, Is.Null);
    }

    [Test]
    public void Take_OtherWordsThanThoseThatWereTold_WaitUntilTheAnswerIsRecorded()
    {
        LiveWords live = After("One two", turn: 3);

        Assert.That(live.Take(Delta(3, 0, "Two, three, four"), false), Is.Null);
        Assert.That(live.Take(Delta(3, 16, ", five"), false), Is.Null);
        Assert.That(live.Told, Is.EqualTo(new ToldWords(3, 7, HashOf("One two"))), "a third stream knows of it as well");
        Assert.That(live.RestOf(3, "Two, three, four, five."), Is.EqualTo(("Two, three, four, five.", true)));
    }

    [Test]
    public void Take_ModelThatIsAskedAgain_GoesOnWhereTheWordsAreTheSame()
    {
        var live = new LiveWords(RunPlace.Begin);

        Assert.That(live.Take(Delta(1, 0, "One "), false), Is.EqualTo((1, "One ")));
        Assert.That(live.Take(new ModelReset(1, 1, "cutOff"), false), Is.Null);
        Assert.That(live.Take(Delta(1, 0, "One two"), false), Is.EqualTo((1, "two")));
        Assert.That(live.Take(new ModelReset(null, null, "reconnected"), false), Is.Null);
        Assert.That(live.Take(Delta(1, 0, "Three"), false), Is.Null);
        Assert.That(live.RestOf(1, "Three."), Is.EqualTo(("Three.", true)));
    }

    [Test]
    public void Take_WordsOfTheNextTurn_WaitForWhatIsRecordedBeforeThem()
    {
        var live = new LiveWords(RunPlace.Begin);

        Assert.That(live.Take(Delta(1, 0, "One"), false), Is.EqualTo((1, "One")));
        Assert.That(live.Take(Delta(2, 0, "Two"), false), Is.Null, "the first answer is not told whole");
        Assert.That(live.RestOf(1, "One."), Is.EqualTo((".", false)));
        Assert.That(live.Take(Delta(2, 3, " th"), true), Is.Null, "its calls are not told");
        Assert.That(live.Take(Delta(2, 6, "ree"), false), Is.EqualTo((2, "Two three")));
        Assert.That(live.Take(Delta(1, 0, "One."), false), Is.Null, "late words of what was told");
        Assert.That(live.RestOf(2, "Two three"), Is.EqualTo(("", false)));
    }

    [Test]
    public void Take_PartOfWhichTheBeginningIsNotThere_IsNotTold()
    {
        LiveWords live = After("One two", turn: 1);

        Assert.That(live.Take(new ModelSnapshot(1, 1, "d", 5, "wo three"), false), Is.Null);
        Assert.That(live.RestOf(1, "One two three"), Is.EqualTo((" three", false)));
    }

    private static LiveWords After(string words, int turn)
    {
        var first = new LiveWords(new RunPlace(7));
        Assert.That(first.Take(Delta(turn, 0, words), false), Is.EqualTo((turn, words)));
        return new LiveWords(new RunPlace(7, new ToldPart { Words = first.Told }));
    }

    private static string HashOf(string words) => After(words, 1).Told!.Hash;

    private static ModelDelta Delta(int turn, long at, string text) => new(turn, 1, "d", ModelChannel.Text, at, text);
}

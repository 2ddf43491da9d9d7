using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.AgUi;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Records;
using AgentFunctions.Views.Live;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>What a sub-agent says while it says it: each word once, and what came to nothing is taken back.</summary>
internal sealed class AgUiVoiceTests
{
    private const string Lead = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
    private const string Agent = Lead + ".1-0";

    [Test]
    public async Task Voice_OfPiecesThatOverlap_TellsWhatIsNew()
    {
        AgUiVoice voice = Voice();

        Assert.That(await TextsAsync(voice, Delta(0, "I am "), Shot(0, "I am here"), Delta(9, ".")),
            Is.EqualTo((string[])["I am ", "here", "."]));
    }

    [Test]
    public async Task Voice_OfAnAnswerThatIsCutOff_TakesItBackAndBeginsAnew()
    {
        AgUiVoice voice = Voice();

        Assert.That(
            await TextsAsync(voice, Delta(0, "One"), new ModelReset(1, 1, "cutOff"), Delta(0, "Two")),
            Is.EqualTo((string[])["One", "(taken back)", "Two"]));
    }

    [Test]
    public async Task Voice_WhoseFollowerWasTooSlow_SaysNothingWithAGap()
    {
        AgUiVoice voice = Voice();

        Assert.That(
            await TextsAsync(voice, Delta(0, "One"), new ModelReset(1, 1, "shed"), Shot(70_000, "much later"), Delta(70_010, ".")),
            Is.EqualTo((string[])["One"]), "the rest comes with the record");
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Outcome_OfACall_HasTheSameNumbersWhetherItsWordsWereHeardOrNot(bool isHeard)
    {
        var fold = new AgUiFold("t", "r", Lead, [], static () => null);
        if (isHeard)
        {
            fold.Take(new AgentSpoke(Agent, 1, "Hel", false));
            fold.Take(new AgentSpoke(Agent, 1, "lo.", true));
        }

        (string, string)[] said = [($"{Agent}.1", "Hello.")];
        Assert.That(fold.Before(Ended, said), Is.Empty);
        IReadOnlyList<JsonObject> told = fold.Take(Ended, said);

        Assert.That(told, Has.Count.EqualTo(6));
        Assert.That(told.Count(static one => one == AgUiSubAgents.Told), Is.EqualTo(isHeard ? 3 : 0));
        Assert.That(Messages(fold.Snapshot()).Where(static one => one.StartsWith("assistant", StringComparison.Ordinal)),
            Is.EqualTo((string[])["assistant: Hello."]));
    }

    [Test]
    public void Half_OfWhatASubAgentSays_IsInTheDialogueUntilItIsVoid()
    {
        var fold = new AgUiFold("t", "r", Lead, [], static () => null);
        fold.Take(new AgentSpoke(Agent, 1, "Hel", false));
        Assert.That(Messages(fold.Snapshot()), Is.EqualTo((string[])["assistant: Hel"]));

        IReadOnlyList<JsonObject> before = fold.Before(Ended, [($"{Agent}.1", "Another text.")]);

        Assert.That(before.Select(static one => one["type"]!.ToString()), Is.EqualTo((string[])["MESSAGES_SNAPSHOT"]));
        Assert.That(Messages(before[0]), Is.Empty);
    }

    [Test]
    public void Client_ThatComesBack_IsSentTheDialogueOnceBeforeASubAgentSpeaks()
    {
        var fold = new AgUiFold("t", "r", Lead, [], static () => null, isResumed: true);
        var spoke = new AgentSpoke(Agent, 1, "Hel", false);

        Assert.That(fold.Before(spoke, []), Has.Count.EqualTo(1));
        fold.Take(spoke);
        Assert.That(fold.Before(spoke, []), Is.Empty);
    }

    private static CallEnded Ended => new(
        9, 1, new AskedCall(0, "assign_task", JsonElement.Parse("{}")),
        new JournalEvent(JournalEventTypes.ToolCompleted, DateTimeOffset.UnixEpoch), true, false, "Hello.");

    private static AgUiVoice Voice() => new(Agent, 0, new TurnReader(null!, null!, Agent));

    private static ModelDelta Delta(long at, string text) => new(1, 1, "d", ModelChannel.Text, at, text);

    private static ModelSnapshot Shot(long at, string text) => new(1, 1, "d", at, text);

    private static async Task<List<string>> TextsAsync(AgUiVoice voice, params RunSignal[] signals)
    {
        var texts = new List<string>();
        foreach (RunSignal signal in signals)
        {
            texts.AddRange((await voice.TakeAsync(signal, CancellationToken.None))
                .Select(static frame => frame is AgentSpoke spoke ? spoke.Text : "(taken back)"));
        }

        return texts;
    }

    private static IEnumerable<string> Messages(JsonObject snapshot) =>
        snapshot["messages"]!.AsArray().Select(static one => $"{one!["role"]}: {one["content"]}");
}

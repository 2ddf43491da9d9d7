using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Cli;

[CancelAfter(300_000)]
internal sealed class VerifyReplayCommandTests
{
    [Test]
    public async Task VerifyReplay_OfTheFolderOfARun_SaysThatNothingWouldBreak()
    {
        using var folder = new TemporaryFolder();
        await using OpenAIProtocolServer model = await OpenAIProtocolServer.StartAsync(_ => ChatReply.Say("done"));
        (int ran, _, string errors) = await ProgramProcess.RunAsync(model, folder.Path, "run", "Answer.", "--data", "data");
        Assert.That(ran, Is.Zero, errors);

        (int exitCode, string output, errors) = await ProgramProcess.RunAsync(null, folder.Path, "verify-replay", "--data",
            "data");
        (int missing, _, string complaint) = await ProgramProcess.RunAsync(null, folder.Path, "verify-replay", "--data",
            "nothing.db");

        Assert.That((exitCode, output.Trim()), Is.EqualTo((0, "0 replayed, 0 would break")), errors);
        Assert.That((missing, complaint), Is.EqualTo((2, complaint)));
        Assert.That(complaint, Does.Contain("no data file").And.Contain("nothing.db"));
    }
}

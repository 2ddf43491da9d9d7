namespace AgentFunctions.EndToEnd;

/// <summary>The sample with a model, a rule, a channel and a source of secrets of a host's own.</summary>
[CancelAfter(300_000)]
internal sealed class ExtensionsTests
{
    [Test]
    public async Task Extensions_LargePayment_IsAnnouncedApprovedAndMade()
    {
        await using ProgramProcess sample = ProgramProcess.StartSample("Extensions", []);
        int exitCode = await sample.WaitAsync();

        Assert.That(exitCode, Is.Zero, sample.Output + sample.Errors);
        Assert.That(sample.Output,
            Does.Contain("waiting: pay").And.Contain("900").And.Contain("payment-limit").And.Contain("Both bills are paid."));
    }
}

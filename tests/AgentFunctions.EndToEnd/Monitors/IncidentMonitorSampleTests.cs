namespace AgentFunctions.EndToEnd.Monitors;

[CancelAfter(120_000)]
internal sealed class IncidentMonitorSampleTests
{
    [Test]
    public async Task Sample_WithoutAKey_DetectsRestartsVerifiesAndResolves(CancellationToken cancellationToken)
    {
        var noModel = new Dictionary<string, string> { ["OPENAI_API_KEY"] = "", ["AZURE_OPENAI_ENDPOINT"] = "", ["MOONSHOT_API_KEY"] = "" };
        await using CliProcess sample = CliProcess.StartSample("IncidentMonitor", noModel, "--yes");
        int exitCode = await sample.WaitForExitAsync(cancellationToken);
        Assert.That(exitCode, Is.Zero, sample.Output);
        foreach (string expected in (string[])["Opened", "503 Service Unavailable", "Approve 'restart_service'", "[rehearsal model]", "Resolved", "Verified"])
        {
            Assert.That(sample.Output, Does.Contain(expected));
        }
    }
}

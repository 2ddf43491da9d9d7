namespace AgentFunctions.EndToEnd.Monitors;

[CancelAfter(300_000)]
internal sealed class IncidentMonitorSampleTests
{
    [Test]
    public async Task Sample_WithoutAKey_DetectsRestartsVerifiesAndResolves()
    {
        await using ProgramProcess sample = ProgramProcess.StartSample("IncidentMonitor", [], "--yes");
        int exitCode = await sample.WaitAsync();
        Assert.That(exitCode, Is.Zero, sample.Output + sample.Errors);
        foreach (string expected in (string[])["Opened", "503 Service Unavailable", "Approve 'restart_service'",
            "[rehearsal model]", "Resolved", "Verified"])
        {
            Assert.That(sample.Output, Does.Contain(expected));
        }
    }
}

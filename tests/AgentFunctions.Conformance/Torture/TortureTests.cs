namespace AgentFunctions.Conformance.Torture;

/// <summary>
/// The short form of the torture. The long one is
/// <c>dotnet run -c Release --project tests/AgentFunctions.Conformance -- torture --kills 1000</c>.
/// </summary>
public sealed class TortureTests
{
    [Test]
    [NonParallelizable]
    public async Task TwentyKills_MixedLoad_NothingIsLostChangedOrDoneTwice()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<string> wrong = await new TortureRun(folder.Path, Environment.TickCount).RunAsync(20,
            TestContext.Out.WriteLine);
        Assert.That(wrong, Is.Empty);
    }
}

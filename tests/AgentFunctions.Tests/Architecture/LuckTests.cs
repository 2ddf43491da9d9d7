using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.Architecture;

/// <summary>No test depends on how fast the machine is. What can be read in the tests' sources of that is held here.</summary>
internal sealed partial class LuckTests
{
    private const int FewestSeconds = 300;

    /// <summary>Files in which real time passes, how often, and why. The numbers only become smaller.</summary>
    private static readonly Dictionary<string, (int Delays, string Reason)> Allowed = new()
    {
        ["AgentFunctions.TestKit/Poll.cs"] = (2, "looks again for what no event tells of"),
        ["AgentFunctions.Conformance/Engine/BoundsTests.cs"] = (1, "work that takes a moment, so that calls overlap"),
        ["AgentFunctions.Conformance/Orchestrations/OrchestrationConformance.Events.cs"] = (1,
            "events that come one by one and at once"),
        ["AgentFunctions.Conformance/Orchestrations/OrchestrationConformance.Replay.cs"] = (2,
            "an await that orchestrators must not make"),
        ["AgentFunctions.Conformance/Orchestrations/OrchestrationConformance.State.cs"] = (2,
            "two moments that a clock of 15 ms tells apart"),
        ["AgentFunctions.Conformance/Torture/TortureRun.cs"] = (2, "a kill at any moment"),
        ["AgentFunctions.EndToEnd/Crash/KilledEraseTests.cs"] = (1, "a kill after so many steps, counted in a file"),
        ["AgentFunctions.EndToEnd/Crash/KilledProgram.cs"] = (1, "a kill at any moment"),
        ["AgentFunctions.EndToEnd/Governance/CallerTests.cs"] = (1, "the second for which a right is remembered"),
        ["AgentFunctions.EndToEnd/Governance/KilledApprovalTests.cs"] = (2, "a kill at any moment"),
        ["AgentFunctions.EndToEnd/Governance/KilledGatewayTests.cs"] = (2,
            "a kill at any moment; a model that takes a moment, so that places are taken"),
        ["AgentFunctions.EndToEnd/Monitors/KilledMonitorTests.cs"] = (1, "a kill at any moment"),
        ["AgentFunctions.EndToEnd/ProgramProcess.cs"] = (1, "children of a killed process may hold its output open"),
        ["AgentFunctions.EndToEnd/Soak/HostileSoakTests.cs"] = (1, "a look at the memory now and then"),
        ["AgentFunctions.EndToEnd/Soak/HostileWorld.cs"] = (3, "endpoints that are slow"),
        ["AgentFunctions.Tests/Budgets/MeteredModel.cs"] = (1,
            "a model that takes a moment, so that a crash finds calls under way"),
        ["AgentFunctions.Tests/Models/Resilience/AdaptiveConcurrencyLimiterTests.cs"] = (1,
            "a model that takes a moment, so that calls overlap"),
        ["AgentFunctions.Tests/Monitors/Signals/SignalServerTests.cs"] = (1, "a service that is slow"),
        ["AgentFunctions.Tests/OpenAI/Wire/TricklingServer.cs"] = (1, "an endpoint that is slow"),
        ["AgentFunctions.Tests/Swarm/AwaitedChildrenTests.cs"] = (1, "a model that takes a moment, so that calls overlap"),
        ["AgentFunctions.Tests/Swarm/ProviderLimitTests.cs"] = (1, "a model that takes a moment, so that calls overlap"),
        ["AgentFunctions.Tests/Swarm/TreeSteeringTests.cs"] = (1, "a model that takes a moment, so that calls overlap"),
    };

    private static readonly string Tests = Path.Combine(Repository.Root, "tests");

    /// <summary>The sources of tests by the paths that they have below <c>tests/</c>; benchmarks measure time.</summary>
    private static Dictionary<string, string> Sources => Directory.EnumerateFiles(Tests, "*.cs", SearchOption.AllDirectories)
        .ToDictionary(static file => Path.GetRelativePath(Tests, file).Replace('\\', '/'), File.ReadAllText)
        .Where(static file => !InOutput().IsMatch(file.Key)
            && !file.Key.StartsWith("AgentFunctions.Benchmarks/", StringComparison.Ordinal))
        .ToDictionary();

    [Test]
    public void Delays_Always_AreNoWayToWait()
    {
        Dictionary<string, int> found = Sources.Select(static file => (file.Key, Delay().Count(file.Value)))
            .Where(static file => file.Item2 > 0).ToDictionary();

        Assert.Multiple(() =>
        {
            Assert.That(
                found.Where(static file => file.Value > Allowed.GetValueOrDefault(file.Key).Delays), Is.Empty,
                "Wait for the event; where there is none, look with Poll (TestKit). A clock of a test is FakeTimeProvider or VirtualTime.");
            Assert.That(
                Allowed.Where(file => file.Value.Delays > found.GetValueOrDefault(file.Key)).Select(static file => file.Key),
                Is.Empty,
                "Fewer delays are left than this list allows: take them out of it.");
        });
    }

    [Test]
    public void Limits_OfTests_AreGenerous() => Assert.That(
        Sources.Where(static file => Limit().Matches(file.Value)
            .Any(static limit => int.Parse(limit.Groups["seconds"].ValueSpan) < FewestSeconds))
            .Select(static file => file.Key),
        Is.Empty, $"A machine may be very busy: [CancelAfter({FewestSeconds}_000)] at least.");

    [Test]
    public void Clocks_OfTests_AreOthers() => Assert.That(
        Sources.Where(static file => Clock().IsMatch(file.Value)).Select(static file => file.Key), Is.Empty,
        "FakeTimeProvider says it all, but for a clock that is set while no time passes: that is VirtualTime of AgentFunctions.Testing.");

    [Test]
    public void Folders_OfTests_GoWithThem() => Assert.That(
        Sources.Where(static file => file.Key != "AgentFunctions.TestKit/TemporaryFolder.cs" && Folder().IsMatch(file.Value))
            .Select(static file => file.Key),
        Is.Empty, "A temporary folder of a test is a TemporaryFolder (TestKit), which goes with the test or with its process.");

    /// <summary>One that never ends waits for nothing.</summary>
    [GeneratedRegex(@"Task\.Delay\((?!Timeout\.Infinite)|Thread\.Sleep\(", RegexOptions.CultureInvariant)]
    private static partial Regex Delay();

    [GeneratedRegex(@"CancelAfter\((?<seconds>\d+)_000\)\]", RegexOptions.CultureInvariant)]
    private static partial Regex Limit();

    [GeneratedRegex(@"class \w+(\([^)]*\))? : TimeProvider\b", RegexOptions.CultureInvariant)]
    private static partial Regex Clock();

    [GeneratedRegex(@"CreateTempSubdirectory\(|GetTempFileName\(", RegexOptions.CultureInvariant)]
    private static partial Regex Folder();

    [GeneratedRegex("(^|/)(bin|obj)/", RegexOptions.CultureInvariant)]
    private static partial Regex InOutput();
}

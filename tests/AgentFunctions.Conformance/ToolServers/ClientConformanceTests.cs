using System.Diagnostics;
using AgentFunctions.TestKit;

namespace AgentFunctions.Conformance.ToolServers;

/// <summary>
/// The official conformance suite of MCP, run against <see cref="ConformanceClient"/> for both generations of the protocol.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.Children)]
[CancelAfter(300_000)]
internal sealed class ClientConformanceTests
{
    private static readonly TimeSpan ScenarioTime = TimeSpan.FromMinutes(2);

    private string _node = "";
    private string _script = "";
    private ClientRelay _relay = null!;

    private static IEnumerable<TestCaseData> Scenarios => ClientScenarios.Passed.Select(static scenario =>
        new TestCaseData(scenario.Version, scenario.Name).SetArgDisplayNames(scenario.Version ?? "extension", scenario.Name));

    [OneTimeSetUp]
    public async Task NeedSuite()
    {
        (_node, string? script, string? reason) = await NodeServers.ConformanceSuiteAsync();
        _script = script ?? "";
        if (script is null && Environment.GetEnvironmentVariable("CI") is null)
        {
            Assert.Ignore($"No conformance suite: {reason}");
        }

        Assert.That(script, Is.Not.Null, $"The conformance suite is not installed: {reason}");
        _relay = await ClientRelay.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopRelay()
    {
        if (_relay is not null)
        {
            await _relay.DisposeAsync();
        }
    }

    [TestCaseSource(nameof(Scenarios))]
    public async Task Scenario_OfTheSuite_IsPassed(string? version, string scenario, CancellationToken cancellationToken)
    {
        using var results = new TemporaryFolder();
        (int exitCode, string said) = await RunAsync(
            [
                "client", "--command", _relay.Command(_node), "--scenario", scenario, .. version is null
                    ? Array.Empty<string>()
                    : ["--spec-version", version],
                "--timeout", $"{ScenarioTime.TotalMilliseconds}", "--output-dir", results.Path,
            ],
            cancellationToken);

        Assert.That(exitCode, Is.Zero, () => $"{said}\n{LogOf(results)}");
        Assert.That(said, Does.Contain("Passed: ").And.Not.Contain("Passed: 0/"), "a scenario that is skipped passes nothing");
    }

    [Test]
    public async Task Scenarios_OfTheSuite_AreAllPassedOrLeftOutWithAReason(CancellationToken cancellationToken)
    {
        (_, string list) = await RunAsync(["list", "--client"], cancellationToken);

        List<string> suite = [.. list.Split('\n').Where(static line => line.StartsWith("  - ", StringComparison.Ordinal))
            .Select(static line => line[4..])];
        IEnumerable<string> expected = ClientScenarios.Passed.Select(static scenario => scenario.Name).Distinct()
            .Concat(ClientScenarios.LeftOut.Keys);
        Assert.That(suite.Select(static line => line.Split(' ')[0]), Is.EquivalentTo(expected));
        foreach ((string? version, string name) in ClientScenarios.Passed)
        {
            Assert.That(suite.Single(line => line.Split(' ')[0] == name), Does.Contain(version ?? "extension"));
        }
    }

    private async Task<(int ExitCode, string Said)> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        using Process suite = Process.Start(new ProcessStartInfo(_node, [_script, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            Task<string> errors = suite.StandardError.ReadToEndAsync(cancellationToken);
            string output = await suite.StandardOutput.ReadToEndAsync(cancellationToken);
            string said = output + await errors;
            await suite.WaitForExitAsync(cancellationToken);
            return (suite.ExitCode, said);
        }
        finally
        {
            if (!suite.HasExited)
            {
                suite.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Gets what the client wrote.</summary>
    private static string LogOf(TemporaryFolder results) => string.Join('\n',
        Directory.EnumerateFiles(results.Path, "std*.txt", SearchOption.AllDirectories).Select(File.ReadAllText));
}

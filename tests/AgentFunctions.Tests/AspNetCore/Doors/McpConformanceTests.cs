using System.Diagnostics;
using System.Text.RegularExpressions;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>
/// Scenarios of the official conformance suites of MCP for servers, run against the door, whose tools are real runs. One after
/// the other: the suites give each answer a few seconds.
/// </summary>
[NonParallelizable]
[CancelAfter(300_000)]
internal sealed partial class McpConformanceTests
{
    /// <summary>The scenarios of the suite for 2026-07-28: the number is that of its checks.</summary>
    private static readonly (string Name, int Checks)[] New =
    [
        ("tasks-lifecycle", 9), ("tasks-capability-negotiation", 5), ("tasks-wire-fields", 4), ("tasks-request-state-removal", 3),
        ("tasks-mrtr-input", 4), ("tasks-request-headers", 5), ("tasks-dispatch-and-envelope", 9),
        ("tasks-required-task-error", 3), ("tasks-mrtr-composition", 2), ("http-header-validation", 14), ("caching", 8),
        ("input-required-result-basic-elicitation", 3), ("input-required-result-missing-input-response", 2),
        ("input-required-result-result-type", 2), ("input-required-result-unsupported-methods", 2),
        ("input-required-result-tampered-state", 2), ("input-required-result-ignore-extra-params", 2),
        ("input-required-result-validate-input", 3), ("json-schema-2020-12", 8),
        ("input-required-result-basic-sampling", 3), ("input-required-result-basic-list-roots", 3),
        ("input-required-result-request-state", 3), ("input-required-result-multiple-input-requests", 3),
        ("input-required-result-multi-round", 4), ("input-required-result-non-tool-request", 3),
        ("input-required-result-capability-check", 2),
    ];

    /// <summary>The scenarios of the suite for the versions before.</summary>
    private static readonly string[] Old =
    [
        "server-initialize", "ping", "tools-list", "tools-call-simple-text", "tools-call-error", "tools-call-with-progress",
        "dns-rebinding-protection", "tools-call-elicitation", "elicitation-sep1034-defaults", "elicitation-sep1330-enums",
        "json-schema-2020-12", "resources-list", "resources-read-text", "resources-templates-read",
    ];

    private (string Node, string? Script, string? Reason) _new;
    private (string Node, string? Script, string? Reason) _old;
    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task NeedSuites()
    {
        _new = await NodeServers.ConformanceSuiteAsync();
        _old = await NodeServers.OldConformanceSuiteAsync();
        if ((_new.Script is null || _old.Script is null) && Environment.GetEnvironmentVariable("CI") is null)
        {
            Assert.Ignore($"No conformance suite (.ci/packages installs it): {_new.Reason ?? _old.Reason}");
        }

        Assert.That(
            new[] { _new.Script, _old.Script }, Has.None.Null,
            $"A conformance suite is not installed: {_new.Reason ?? _old.Reason}");
        _host = await McpFixtures.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopHost()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }
    }

    [TestCaseSource(nameof(New))]
    public async Task Scenario_Of2026_IsPassed((string Name, int Checks) scenario, CancellationToken cancellationToken)
    {
        string said = await RunAsync(_new, scenario.Name, cancellationToken);

        Assert.That(said, Does.Contain($"Passed: {scenario.Checks}/{scenario.Checks}"), said);
    }

    [Test]
    public async Task Scenario_OfServersWithoutSessions_FailsInNothing(CancellationToken cancellationToken)
    {
        (_, string said) = await TryAsync(_new, "server-stateless", cancellationToken);

        Assert.That(
            Check().Matches(said).Where(static check => check.Groups["status"].Value is not ("SUCCESS" or "SKIPPED"))
                .Select(static check => check.Groups["name"].Value),
            Is.Empty, said);
        Assert.That(Check().Count(said), Is.AtLeast(28), said);
    }

    [TestCaseSource(nameof(Old))]
    public async Task Scenario_Of2025_IsPassed(string scenario, CancellationToken cancellationToken)
    {
        string said = await RunAsync(_old, scenario, cancellationToken);

        Assert.That(
            said, Does.Contain("Passed: ").And.Not.Contain("Passed: 0/"), $"a scenario that is skipped passes nothing: {said}");
    }

    private async Task<string> RunAsync(
        (string Node, string? Script, string? Reason) suite, string scenario, CancellationToken cancellationToken)
    {
        (int exitCode, string said) = await TryAsync(suite, scenario, cancellationToken);
        Assert.That(exitCode, Is.Zero, said);
        return said;
    }

    /// <summary>
    /// Runs a scenario. The suite waits for 2 to 10 seconds of the real clock at most, which a busy machine does not always keep:
    /// one that failed is run again, twice.
    /// </summary>
    private async Task<(int ExitCode, string Said)> TryAsync(
        (string Node, string? Script, string? Reason) suite, string scenario, CancellationToken cancellationToken)
    {
        (int ExitCode, string Said) last = await OnceAsync(suite, scenario, cancellationToken);
        for (int again = 0; again < 2 && (last.ExitCode != 0 || last.Said.Contains("FAILURE", StringComparison.Ordinal)); again++)
        {
            last = await OnceAsync(suite, scenario, cancellationToken);
        }

        return last;
    }

    private async Task<(int ExitCode, string Said)> OnceAsync(
        (string Node, string? Script, string? Reason) suite, string scenario, CancellationToken cancellationToken)
    {
        using Process process = Process.Start(new ProcessStartInfo(
            suite.Node, [suite.Script!, "server", "--url", $"{_host.Client.BaseAddress}mcp", "--scenario", scenario])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
            string said = await process.StandardOutput.ReadToEndAsync(cancellationToken) + await errors;
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, said);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>A line of the suite about one check, between codes of colours.</summary>
    [GeneratedRegex(@"\[(?<name>sep-[a-z0-9-]+) *\][^A-Z\n]*(?<status>SUCCESS|FAILURE|WARNING|SKIPPED)")]
    private static partial Regex Check();
}

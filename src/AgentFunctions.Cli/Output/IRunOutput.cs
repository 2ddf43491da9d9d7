using AgentFunctions.AspNetCore.Runs;

namespace AgentFunctions.Cli.Output;

/// <summary>Shows one run from its beginning to its end.</summary>
internal interface IRunOutput
{
    /// <summary>The run is known; its events follow.</summary>
    void Begin(RunResource run, string how);

    /// <summary>Shows events until there are no more.</summary>
    Task FollowAsync(IAsyncEnumerable<EventResource> events, CancellationToken cancellationToken);

    /// <summary>The run has ended.</summary>
    void End(RunResource run);
}

/// <summary>Chooses how runs are shown.</summary>
internal static class RunOutput
{
    public static IRunOutput For(bool json) =>
        json ? new JsonOutput(Console.Out)
        : Console.IsOutputRedirected ? new PlainOutput(Console.Out)
        : new LiveOutput(Spectre.Console.AnsiConsole.Console, Console.Out);
}

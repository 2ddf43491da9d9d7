using AgentFunctions.AspNetCore.Runs;

namespace AgentFunctions.Cli.Output;

/// <summary>Shows one run from its beginning to its end.</summary>
internal interface IRunOutput
{
    /// <summary>The run is known; its events follow.</summary>
    void Begin(RunResource run, string how);

    /// <summary>Shows events until there are no more.</summary>
    /// <param name="events">The events.</param>
    /// <param name="read">Reads the run as it is now; its plan is no event.</param>
    /// <param name="cancellationToken">Stops.</param>
    Task FollowAsync(
        IAsyncEnumerable<EventResource> events, Func<CancellationToken, Task<RunResource>> read, CancellationToken cancellationToken);

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

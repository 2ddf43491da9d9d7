using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Views.Live;

namespace AgentFunctions.Cli.Output;

/// <summary>Shows one run from its beginning to its end.</summary>
internal interface IRunOutput
{
    /// <summary>Gets whether it shows what goes on before it is recorded.</summary>
    bool IsLive { get; }

    /// <summary>The run is known; its events follow.</summary>
    void Begin(RunResource run, string how);

    /// <summary>Shows events until there are no more.</summary>
    /// <param name="signals">The events, and what goes on before they are recorded.</param>
    /// <param name="read">Reads the run as it is now; its plan is no event.</param>
    /// <param name="cancellationToken">The token to cancel the operation.</param>
    Task FollowAsync(
        IAsyncEnumerable<RunSignal> signals, Func<CancellationToken, Task<RunResource>> read,
        CancellationToken cancellationToken);

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

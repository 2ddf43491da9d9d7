using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.AzureFunctions.Durability;

/// <summary>
/// How long a step may take. A function that runs into the host's <c>functionTimeout</c> ends the worker process with all that
/// is in it; a step that would is ended just before that, alone, and taken up like one that a crash cut off.
/// </summary>
internal sealed class StepLimit(TimeSpan? functionTimeout, TimeProvider time)
{
    private static readonly TimeSpan LongestMargin = TimeSpan.FromSeconds(30);

    private readonly TimeSpan? _longest = functionTimeout - Min(LongestMargin, functionTimeout / 10);

    /// <summary>Reads the time-out as the host does: from the settings, else from <c>host.json</c>. None, or -1, is no limit.</summary>
    /// <param name="configuration">The app's settings.</param>
    /// <param name="folder">The folder of <c>host.json</c>.</param>
    /// <param name="time">The clock.</param>
    public static StepLimit Read(IConfiguration configuration, string folder, TimeProvider time)
    {
        string? words = configuration["AzureFunctionsJobHost:functionTimeout"]
            ?? new ConfigurationBuilder().AddJsonFile(Path.Combine(folder, "host.json"), optional: true).Build()["functionTimeout"];
        return new StepLimit(
            TimeSpan.TryParse(words, CultureInfo.InvariantCulture, out TimeSpan timeout) && timeout > TimeSpan.Zero ? timeout : null, time);
    }

    /// <summary>Runs a step, no longer than it may take.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.EngineUnavailable"/>: it took too long.</exception>
    public async Task<T> RunAsync<T>(string step, Func<CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        if (_longest is not { } longest)
        {
            return await run(cancellationToken);
        }

        using var late = new CancellationTokenSource(longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await run(either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new AgentException(
                ErrorCode.EngineUnavailable,
                $"{step} was ended after {longest}, just short of functionTimeout in host.json: raise that, or make a tool that takes longer a job.");
        }
    }

    private static TimeSpan? Min(TimeSpan first, TimeSpan? second) => first < second ? first : second;
}

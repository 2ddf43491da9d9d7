namespace AgentFunctions.DurableTask.Activities;

/// <summary>Bounds a step: one that takes longer is ended alone and delivered again, like one that a crash cut off.</summary>
internal sealed class StepLimit(TimeSpan? longest, TimeProvider time)
{
    /// <summary>Runs a step, no longer than it may take: it is given the token to stop it, and the one for its time alone.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.EngineUnavailable"/>: it took too long.</exception>
    public async Task<T> RunAsync<T>(string step, Func<CancellationToken, CancellationToken, Task<T>> run,
        CancellationToken cancellationToken)
    {
        if (longest is not { } limit)
        {
            return await run(cancellationToken, CancellationToken.None).ConfigureAwait(false);
        }

        using var late = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await run(either.Token, late.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new AgentException(
                ErrorCode.EngineUnavailable,
                $"{step} was ended after {limit}, the limit of a step, which on Functions is just short of functionTimeout in host.json: "
                + "raise that, or make a tool that takes longer a job.");
        }
    }
}

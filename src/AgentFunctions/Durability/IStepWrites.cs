namespace AgentFunctions.Durability;

/// <summary>
/// Takes the last writes of a step, so that the step need not wait until they are durable: the engine records the step no sooner
/// than they are. Provided by engines that share their commits with the stores.
/// </summary>
public interface IStepWrites
{
    /// <summary>
    /// Starts writes one after the other and hands them to the engine. What they have not become by then, the engine settles: where
    /// one of them fails, the step counts as failed; where its condition does not hold, the step is delivered again.
    /// </summary>
    /// <param name="writes">
    /// Start a write each. One that a store does not take at once is waited for before the next one is started.
    /// </param>
    /// <returns>A task that completes when the engine has all of them. Await no write itself; see <see cref="WaitAsync"/>.</returns>
    Task HandOverAsync(IReadOnlyList<Func<Task>> writes);

    /// <summary>Gets a task that completes when what was handed over is durable, and fails if it cannot be.</summary>
    Task Written { get; }

    /// <summary>Waits for <see cref="Written"/>, and has it written now.</summary>
    Task WaitAsync();
}

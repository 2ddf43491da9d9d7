namespace AgentFunctions.Durability;

/// <summary>
/// Takes the last writes of a step, so that the step need not wait until they are durable: the engine records that the step has
/// ended no sooner than they are. Provided by engines that share their commits with the stores.
/// </summary>
/// <remarks>
/// Where one of the writes fails, the step has failed with its error. Where a write's condition does not hold and whoever made the
/// write copes with that, the step is delivered again.
/// </remarks>
public interface IStepWrites
{
    /// <summary>Starts writes one after the other and hands them to the engine, which commits them together.</summary>
    /// <param name="writes">
    /// Start one write to a store each: the engine cannot tell whether one that is started has more to write later. A write that its
    /// store does not take at once is waited for before the next one is started.
    /// </param>
    /// <returns>A task that completes when the engine has all of them. They may not be durable by then.</returns>
    Task HandOverAsync(IReadOnlyList<Func<Task>> writes);

    /// <summary>Has what was handed over written now, and waits for it.</summary>
    Task WaitAsync();

    /// <summary>Sets what is called if the step fails because one of the writes did, before that is recorded.</summary>
    /// <param name="tell">Takes the error.</param>
    void IfLost(Func<Exception, Task> tell);
}

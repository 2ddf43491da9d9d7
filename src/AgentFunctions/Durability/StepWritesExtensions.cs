namespace AgentFunctions.Durability;

/// <summary>Makes the last writes of a step.</summary>
internal static class StepWritesExtensions
{
    /// <summary>
    /// Starts writes one after the other, and hands them to the engine where it takes them; waits until they are durable where it
    /// does not.
    /// </summary>
    /// <param name="engine">What takes the last writes of the step; <see langword="null"/> if nothing does.</param>
    /// <param name="writes">Start a write each.</param>
    public static Task WriteAsync(this IStepWrites? engine, params Func<Task>[] writes) =>
        engine?.HandOverAsync(writes) ?? Task.WhenAll(Array.ConvertAll(writes, static write => write()));
}

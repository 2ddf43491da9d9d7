using System.Runtime.CompilerServices;

namespace AgentFunctions.TestKit;

/// <summary>
/// Looks again and again for what no event tells of. The only place where tests let time pass in order to wait for something; how
/// long it may take says nothing about the machine.
/// </summary>
public static class Poll
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>Looks until something is so.</summary>
    /// <param name="isSo">Whether it is so; it may also do what brings it about, such as move a clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="what">The condition in words; by default as it is written.</param>
    /// <exception cref="TimeoutException">It does not come about.</exception>
    public static Task UntilAsync(
        Func<Task<bool>> isSo, CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(isSo))] string what = "") =>
        ForAsync(isSo, static found => found, cancellationToken, what);

    /// <summary>Looks until something is so.</summary>
    /// <param name="isSo">Whether it is so.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="what">The condition in words; by default as it is written.</param>
    /// <exception cref="TimeoutException">It does not come about.</exception>
    public static Task UntilAsync(
        Func<bool> isSo, CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(isSo))] string what = "") =>
        ForAsync(() => Task.FromResult(isSo()), static found => found, cancellationToken, what);

    /// <summary>Looks until there is something.</summary>
    /// <typeparam name="T">What is looked for.</typeparam>
    /// <param name="look">Gets it; <see langword="null"/> while it is not there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="what">What is looked for, in words; by default as it is written.</param>
    /// <exception cref="TimeoutException">It does not come.</exception>
    public static async Task<T> ForAsync<T>(
        Func<Task<T?>> look, CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(look))] string what = "")
        where T : class => (await ForAsync(look, static found => found is not null, cancellationToken, what))!;

    /// <summary>Looks until what is there is as it is wanted.</summary>
    /// <typeparam name="T">What is looked at.</typeparam>
    /// <param name="look">Gets it.</param>
    /// <param name="isIt">Whether it is as wanted.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="what">The condition in words; by default as it is written.</param>
    /// <exception cref="TimeoutException">It does not come about.</exception>
    public static async Task<T> ForAsync<T>(
        Func<Task<T>> look, Func<T, bool> isIt, CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(isIt))] string what = "")
    {
        long begun = TimeProvider.System.GetTimestamp();
        TimeSpan pause = Shortest;
        T found;
        while (!isIt(found = await look()))
        {
            if (TimeProvider.System.GetElapsedTime(begun) > Limit)
            {
                throw new TimeoutException($"It does not come about: {what}. The last look found: {found}");
            }

            await Task.Delay(pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"It did not come about before the test's own limit: {what}. The last look found: {found}");
            }

            pause = pause < Longest ? pause * 1.15 : Longest;
        }

        return found;
    }

    /// <summary>Does something again and again until a task has ended, such as to let virtual time pass.</summary>
    /// <param name="task">The task; what becomes of it is for its owner.</param>
    /// <param name="act">What is done.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task UntilEndAsync(Task task, Action act, CancellationToken cancellationToken = default)
    {
        while (await Task.WhenAny(task, Task.Delay(Shortest * 5, cancellationToken)) != task)
        {
            cancellationToken.ThrowIfCancellationRequested();
            act();
        }
    }
}

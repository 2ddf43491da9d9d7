using AgentFunctions.Cli.Output;

namespace AgentFunctions.Cli.Server;

/// <summary>
/// Asks a server again that does not answer for now: what a reader follows goes on while its server is put anew. Each time is
/// said on the standard error.
/// </summary>
internal static class Reconnection
{
    private const int MostFailures = 10;

    /// <summary>Asks until there is an answer.</summary>
    /// <param name="ask">Asks.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="ServerException">The server refused, or did not answer ten times in a row.</exception>
    public static async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        for (int failures = 1; ; failures++)
        {
            try
            {
                return await ask(cancellationToken);
            }
            catch (ServerException e) when (MayTryAgain(e, failures))
            {
                Tell(e);
                await WaitAsync(failures, cancellationToken);
            }
        }
    }

    /// <summary>Whether a failure is one after which to ask again.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="failures">How many there were in a row.</param>
    public static bool MayTryAgain(ServerException failure, int failures) => failure.IsTransient && failures <= MostFailures;

    /// <summary>Says why the server is asked again.</summary>
    /// <param name="failure">The failure.</param>
    public static void Tell(ServerException failure) =>
        Console.Error.WriteLine(Terminal.Lines($"{failure.Message} It is asked again."));

    /// <summary>Waits before the next attempt: longer from failure to failure, not at all after the first.</summary>
    /// <param name="failures">How many there were in a row.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public static Task WaitAsync(int failures, CancellationToken cancellationToken) =>
        failures > 1
            ? Task.Delay(TimeSpan.FromMilliseconds(200 << Math.Min(failures, 5)), cancellationToken)
            : Task.CompletedTask;
}

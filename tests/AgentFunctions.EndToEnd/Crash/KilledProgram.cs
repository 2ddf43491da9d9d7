using System.Globalization;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Crash;

/// <summary>
/// One command of the program, killed again and again while its model is asked, then let run to its end. How far it comes in each
/// of its lives is decided by chance and by nothing else: then its model no longer answers.
/// </summary>
internal sealed class KilledProgram(Random random) : IDisposable
{
    private const int LongestPause = 150;

    private readonly SemaphoreSlim _asked = new(0);
    private int _left = int.MaxValue;

    /// <summary>Gets how often tests kill: few times, or as often as <c>AGENTFUNCTIONS_KILLS</c> says.</summary>
    /// <param name="few">The short form.</param>
    public static int Kills(int few) =>
        Environment.GetEnvironmentVariable("AGENTFUNCTIONS_KILLS") is { } many
            ? int.Parse(many, CultureInfo.InvariantCulture)
            : few;

    /// <summary>Lets a moment pass, so that a kill finds the program anywhere in its work.</summary>
    /// <param name="random">Decides how long.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public static Task PauseAsync(Random random, CancellationToken cancellationToken) =>
        Task.Delay(random.Next(LongestPause), cancellationToken);

    /// <summary>Holds the model's answer back once the program has had as many as it gets in this life.</summary>
    /// <param name="reply">The answer.</param>
    public ChatReply Answer(ChatReply reply)
    {
        _asked.Release();
        return Interlocked.Decrement(ref _left) >= 0
            ? reply
            : reply with { Before = static token => Task.Delay(Timeout.Infinite, token) };
    }

    /// <summary>Runs the command.</summary>
    /// <param name="model">The model server, whose script goes through <see cref="Answer"/>.</param>
    /// <param name="kills">How often it is killed.</param>
    /// <param name="answers">
    /// How many answers it gets at most in a life that is killed; so many in all lives together must not end it.
    /// </param>
    /// <param name="command">The arguments.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>How many of the kills came before the run's end.</returns>
    public async Task<int> RunAsync(OpenAIProtocolServer model, int kills, int answers, string[] command,
        CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>
        {
            ["OPENAI_API_KEY"] = "sk-test",
            ["OPENAI_BASE_URL"] = model.BaseUrl,
            ["OPENAI_MODEL"] = "scripted",
            ["Tools__ServerPatience"] = "00:01:00",
        };
        int inMidRun = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            while (_asked.Wait(0, CancellationToken.None))
            {
                // Requests of the life before do not count.
            }

            int given = random.Next(answers + 1);
            Volatile.Write(ref _left, given);
            await using ProgramProcess process = ProgramProcess.Start(environment, command);
            for (int request = random.Next(given + 1); request >= 0; request--)
            {
                await _asked.WaitAsync(cancellationToken);
            }

            await PauseAsync(random, cancellationToken);
            await process.KillAsync();
            inMidRun += (process.Output + process.Errors).Contains("completed", StringComparison.Ordinal) ? 0 : 1;
        }

        Volatile.Write(ref _left, int.MaxValue);
        await using ProgramProcess last = ProgramProcess.Start(environment, command);
        int exitCode = await last.WaitAsync();
        Assert.That(exitCode, Is.Zero, last.Output + last.Errors);
        return inMidRun;
    }

    public void Dispose() => _asked.Dispose();
}

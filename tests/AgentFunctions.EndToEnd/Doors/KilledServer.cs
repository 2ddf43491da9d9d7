using AgentFunctions.EndToEnd.Crash;
using AgentFunctions.TestKit;

namespace AgentFunctions.EndToEnd.Doors;

/// <summary>
/// A host that is killed with SIGKILL again and again while one run of it is at work and a client listens. How far it comes in
/// each of its lives, and where in an answer of the model it ends, is decided by chance.
/// </summary>
internal sealed class KilledServer : IDisposable
{
    /// <summary>The most answers that it gets in a life that is killed.</summary>
    private const int Answers = 2;

    /// <summary>How many characters of an answer come at once.</summary>
    private const int Piece = 24;

    private readonly Random _random;
    private readonly SemaphoreSlim _asked = new(0);
    private TaskCompletionSource _heard = new();
    private int _left;

    public KilledServer()
    {
        int seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        _random = new Random(seed);
    }

    /// <summary>Gets how many turns a run needs that so many kills must not see the end of.</summary>
    /// <param name="kills">How often it is killed.</param>
    public static int TurnsOf(int kills) => (kills * Answers) + 3;

    /// <summary>
    /// Breaks the model's answer off, at its beginning or in its middle, once the host has had as many as it gets in this life.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="reply">The answer.</param>
    public ChatReply Answer(ChatRequest request, ChatReply reply)
    {
        _asked.Release();
        if (Interlocked.Decrement(ref _left) >= 0)
        {
            return reply;
        }

        int pieces = request.Stream ? Next((reply.Text?.Length ?? 0) / Piece) : 0;
        int sent = 0;
        return pieces == 0
            ? reply with { Before = Hold }
            : reply with { BetweenChunks = token => ++sent == pieces ? Hold(token) : Task.CompletedTask };
    }

    /// <summary>Notes that the client's connection stands: half of the lives are not ended before.</summary>
    public void Heard() => _heard.TrySetResult();

    /// <summary>Serves, is killed so many times, and serves to the end of the run.</summary>
    /// <param name="model">The model server, whose script goes through <see cref="Answer"/>.</param>
    /// <param name="folder">The folder of the agent and its data.</param>
    /// <param name="kills">How often it is killed.</param>
    /// <param name="arguments">Further arguments of the command.</param>
    /// <param name="listen">
    /// What the client does in each life, told whether that is the last one: its connection breaks in all others.
    /// </param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task RunAsync(
        OpenAIProtocolServer model, ScribeFolder folder, int kills, string[] arguments, Func<HttpClient, bool, Task> listen,
        CancellationToken cancellationToken)
    {
        string[] command = folder.Serve(arguments);
        for (int kill = 0; kill <= kills; kill++)
        {
            while (_asked.Wait(0, CancellationToken.None))
            {
                // Requests of the life before do not count.
            }

            bool isLast = kill == kills;
            int given = isLast ? int.MaxValue : Next(Answers);
            Volatile.Write(ref _left, given);
            _heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using ProgramProcess program = ProgramProcess.Start(model, folder.Path, command);
            using var http = new HttpClient { BaseAddress = await program.ListeningAsync() };
            Task client = listen(http, isLast);
            if (isLast)
            {
                await client;
                return;
            }

            for (int request = Next(given); request >= 0; request--)
            {
                // A client that has failed waits for no kill.
                await await Task.WhenAny(_asked.WaitAsync(cancellationToken), client);
            }

            if (Next(1) == 0)
            {
                await await Task.WhenAny(_heard.Task.WaitAsync(cancellationToken), client);
            }

            await KilledProgram.PauseAsync(_random, cancellationToken);
            await program.KillAsync();
            try
            {
                await client;
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // Its connection broke.
            }
        }
    }

    public void Dispose() => _asked.Dispose();

    private static Task Hold(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    private int Next(int most)
    {
        lock (_random)
        {
            return _random.Next(most + 1);
        }
    }
}

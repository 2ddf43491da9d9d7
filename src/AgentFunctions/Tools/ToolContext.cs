using AgentFunctions.Records;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tools;

/// <summary>Represents the call that a tool serves. The method of a tool receives it through a parameter of this type.</summary>
public sealed record ToolContext
{
    private readonly Workspace? _workspace;
    private Workspace? _unreserved;
    private HttpClient? _http;

    /// <summary>Gets the run.</summary>
    public required string RunId { get; init; }

    /// <summary>Gets the agent that asked.</summary>
    public required string Agent { get; init; }

    /// <summary>Gets the turn of the run, from 1.</summary>
    public required int Turn { get; init; }

    /// <summary>
    /// Gets the number of the call within its turn, from 0; -1 for the acceptance command that checks the turn's answer.
    /// </summary>
    public required int Call { get; init; }

    /// <summary>The number of the acceptance command that checks a turn's answer, among the calls of its turn.</summary>
    internal const int AcceptanceCall = -1;

    /// <summary>
    /// Gets the key of the call, <c>run/turn/call</c>: the same if the call is repeated after a crash, and different for every
    /// other call. Tools with effects pass it on, for example as the header <c>Idempotency-Key</c>.
    /// </summary>
    public string IdempotencyKey => Call == AcceptanceCall ? $"{RunId}/{Turn}/acceptance" : $"{RunId}/{Turn}/{Call}";

    /// <summary>
    /// Gets the folder that the run works in, without the paths that govern the host's runs; <see langword="null"/> if it has
    /// none.
    /// </summary>
    public Workspace? Workspace
    {
        get => _unreserved ??= _workspace?.Without(Services.GetService<ProtectedPaths>());
        init => _workspace = value;
    }

    /// <summary>Gets the files that the run produced.</summary>
    public required ArtifactStore Artifacts { get; init; }

    /// <summary>What is attached to the call for tools of the library's own.</summary>
    internal ToolFeatures Features { get; } = new();

    /// <summary>Where the call says how far it is; <see langword="null"/> if nobody can be shown.</summary>
    internal IProgress<string>? Reports { get; set; }

    /// <summary>
    /// Gets where the tool says how far it is, in a few words, as often as it likes: whoever follows the run sees the last of
    /// them (<c>tool.progress</c>). It neither waits nor throws, and nothing of it is recorded or shown to the model.
    /// </summary>
    public IProgress<string> Progress => Reports ?? Silent.Instance;

    /// <summary>
    /// Ends the work with this call, if it succeeds: its result is recorded, and the model is not asked again until somebody
    /// sends a message. Calls of the same turn that were not made yet are not made if the agent makes them in order.
    /// </summary>
    public void EndTurn() => Features.Set(new TurnEnd());

    /// <summary>How many bytes (UTF-8) the tools that the call loads add to every further request.</summary>
    internal long LoadedBytes { get; set; }

    /// <summary>
    /// Which files a call that reads many may read; set by what governs the call, <see langword="null"/> for all.
    /// </summary>
    internal FileFilter? Files { get; set; }

    /// <summary>How long the call may take, where a rule shortens the tool's own time-out.</summary>
    internal TimeSpan? Timeout { get; init; }

    /// <summary>The most characters that the model is shown of the result, where a rule lowers the tool's own limit.</summary>
    internal int? ResultLimit { get; init; }

    /// <summary>Gets the host's services.</summary>
    public required IServiceProvider Services { get; init; }

    /// <summary>
    /// Gets a client for this call's HTTP requests: each carries the header <c>Idempotency-Key</c>, unless the tool sets one,
    /// with the call's key and the number of the request within the call. A call that is repeated after a crash sends the same
    /// keys, so a server that knows them does nothing twice. Do not dispose of it.
    /// </summary>
    public HttpClient Http => _http ??= IdempotencyKeyHandler.ClientFor(this);

    private sealed class Silent : IProgress<string>
    {
        public static readonly Silent Instance = new();

        public void Report(string value)
        {
        }
    }
}

using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>Names a place in a run from which a caller goes on. It is no permission: whoever shows it is judged again.</summary>
/// <param name="Kind">Whose token it is.</param>
/// <param name="V">The version.</param>
/// <param name="Run">The run.</param>
/// <param name="At">The first position of the journal that the caller was not told of.</param>
internal sealed record RunToken(string Kind, int V, string Run, long At)
{
    private const string OurKind = "agentfunctions";

    private const int Version = 1;

    /// <summary>Gets what the caller was told beyond that position; <see langword="null"/> for nothing.</summary>
    public ToldPart? Told { get; init; }

    /// <summary>Gets the place.</summary>
    internal RunPlace Place => new(At, Told);

    /// <summary>Makes a token.</summary>
    public static ResponseContinuationToken Of(string run, RunPlace place) => ResponseContinuationToken.FromBytes(
        JsonSerializer.SerializeToUtf8Bytes(
            new RunToken(OurKind, Version, run, place.At) { Told = place.Told }, AgentFrameworkJsonContext.Default.RunToken));

    /// <summary>Reads a token.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: it is another's, or of a newer version.</exception>
    public static RunToken Read(ResponseContinuationToken token)
    {
        RunToken? read = null;
        try
        {
            read = JsonSerializer.Deserialize(token.ToBytes().Span, AgentFrameworkJsonContext.Default.RunToken);
        }
        catch (JsonException)
        {
            // Told below.
        }

        if (read is not { Kind: OurKind, Run: not null, At: >= 0 } || read.Told?.Words is { Length: <= 0 } or { Hash: null })
        {
            throw new AgentException(ErrorCode.InvalidInput, "continuation token: it is not one of a durable agent.");
        }

        return read.V <= Version ? read : throw new AgentException(
            ErrorCode.InvalidInput,
            $"continuation token: it is of version {read.V}, and this program reads up to {Version}; "
            + "update AgentFunctions.AgentFramework.");
    }
}

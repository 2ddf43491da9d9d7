using AgentFunctions.Core;

namespace AgentFunctions.OpenAI.Resilience;

/// <summary>A body that is read no further than its bound.</summary>
/// <param name="inner">The body.</param>
/// <param name="maxBytes">The most bytes.</param>
internal sealed class BoundedStream(Stream inner, long maxBytes) : ReadOnlyStream(inner)
{
    private long _read;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await Inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _read += count;
        return _read <= maxBytes ? count : throw TooLong(maxBytes);
    }

    /// <summary>Says that an answer is longer than its bound.</summary>
    /// <param name="maxBytes">The most bytes.</param>
    public static AgentException TooLong(long maxBytes) => new(
        ErrorCode.ModelProtocolError,
        $"the answer is longer than MaxAnswerBytes ({maxBytes} bytes) and was not read to its end; raise it if the model means it.");
}

using AgentFunctions.Core;

namespace AgentFunctions.OpenAI.Resilience;

/// <summary>A response's stream whose first bytes have come.</summary>
/// <param name="inner">The stream.</param>
/// <param name="first">The first bytes, which are read again.</param>
internal sealed class PeekedStream(Stream inner, ReadOnlyMemory<byte> first) : ReadOnlyStream(inner)
{
    private ReadOnlyMemory<byte> _first = first;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_first.IsEmpty)
        {
            return await Inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }

        int count = Math.Min(buffer.Length, _first.Length);
        _first[..count].CopyTo(buffer);
        _first = _first[count..];
        return count;
    }
}

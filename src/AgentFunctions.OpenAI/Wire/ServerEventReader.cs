using System.Buffers;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>
/// Reads server-sent events as endpoints write them: any line ends, comments, <c>data:</c> with or without a space, data in
/// several lines, events without an empty line between them, and bare JSON lines.
/// </summary>
/// <param name="lines">The lines.</param>
internal sealed class ServerEventReader(WireLines lines)
{
    private readonly ArrayBufferWriter<byte> _data = new();
    private ReadOnlyMemory<byte> _next;
    private bool _hasNext;
    private bool _isDone;
    private bool _isError;

    /// <summary>Gets whether the mark of the end, <c>[DONE]</c>, has come.</summary>
    public bool IsDone => _isDone;

    /// <summary>Reads the next event; <see langword="null"/> at the end of the stream.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async ValueTask<ServerEvent?> ReadAsync(CancellationToken cancellationToken)
    {
        _data.ResetWrittenCount();
        _isError = false;
        if (_isDone)
        {
            return new ServerEvent(default, IsDone: true);
        }

        if (_hasNext)
        {
            Append(_next);
            (_hasNext, _next) = (false, default);
        }

        while (await lines.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (Take(line) is { } complete)
            {
                return complete;
            }
        }

        return _data.WrittenCount > 0 ? Event() : null;
    }

    private ServerEvent? Take(ReadOnlyMemory<byte> line)
    {
        ReadOnlySpan<byte> text = line.Span;
        if (text.IsEmpty)
        {
            return _data.WrittenCount > 0 ? Event() : null;
        }

        if (text.StartsWith("event:"u8))
        {
            _isError = text["event:"u8.Length..].Trim((byte)' ').SequenceEqual("error"u8);
            return null;
        }

        ReadOnlyMemory<byte> value;
        if (text.StartsWith("data:"u8))
        {
            value = line["data:"u8.Length..];
            value = value.Span.StartsWith(" "u8) ? value[1..] : value;
        }
        else if (text[0] is (byte)'{' or (byte)'[')
        {
            value = line;
        }
        else
        {
            return null;
        }

        if (value.Span.Trim(" \t"u8).SequenceEqual("[DONE]"u8))
        {
            _isDone = true;
            return _data.WrittenCount > 0 ? Event() : new ServerEvent(default, IsDone: true);
        }

        // A line that begins an object after one that ended an object is an event of its own.
        if (_data.WrittenCount > 0 && _data.WrittenSpan[^1] == (byte)'}' && value.Span.StartsWith("{"u8))
        {
            (_hasNext, _next) = (true, value.ToArray());
            return Event();
        }

        Append(value);
        return null;
    }

    private ServerEvent Event() => new(_data.WrittenMemory, IsError: _isError);

    private void Append(ReadOnlyMemory<byte> value)
    {
        if (_data.WrittenCount > 0)
        {
            _data.Write("\n"u8);
        }

        _data.Write(value.Span);
    }
}

using System.Buffers;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>
/// Reads server-sent events as endpoints write them: any line ends, comments, <c>data:</c> with or without a space, data in several
/// lines, events without an empty line between them, and bare JSON lines.
/// </summary>
/// <param name="lines">The lines.</param>
internal sealed class ServerEventReader(WireLines lines)
{
    private readonly ArrayBufferWriter<byte> data = new(1024);
    private ReadOnlyMemory<byte> next;
    private bool hasNext;
    private bool isDone;
    private bool isError;

    /// <summary>Gets whether the mark of the end, <c>[DONE]</c>, has come.</summary>
    public bool IsDone => isDone;

    /// <summary>Reads the next event; <see langword="null"/> at the end of the stream.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async ValueTask<ServerEvent?> ReadAsync(CancellationToken cancellationToken)
    {
        data.ResetWrittenCount();
        isError = false;
        if (isDone)
        {
            return new ServerEvent(default, IsDone: true);
        }

        if (hasNext)
        {
            Append(next);
            (hasNext, next) = (false, default);
        }

        while (await lines.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (Take(line) is { } complete)
            {
                return complete;
            }
        }

        return data.WrittenCount > 0 ? Event() : null;
    }

    private ServerEvent? Take(ReadOnlyMemory<byte> line)
    {
        ReadOnlySpan<byte> text = line.Span;
        if (text.IsEmpty)
        {
            return data.WrittenCount > 0 ? Event() : null;
        }

        if (text.StartsWith("event:"u8))
        {
            isError = text["event:"u8.Length..].Trim((byte)' ').SequenceEqual("error"u8);
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
            isDone = true;
            return data.WrittenCount > 0 ? Event() : new ServerEvent(default, IsDone: true);
        }

        // A line that begins an object after one that ended an object is an event of its own.
        if (data.WrittenCount > 0 && data.WrittenSpan[^1] == (byte)'}' && value.Span.StartsWith("{"u8))
        {
            (hasNext, next) = (true, value.ToArray());
            return Event();
        }

        Append(value);
        return null;
    }

    private ServerEvent Event() => new(data.WrittenMemory, IsError: isError);

    private void Append(ReadOnlyMemory<byte> value)
    {
        if (data.WrittenCount > 0)
        {
            data.Write("\n"u8);
        }

        data.Write(value.Span);
    }
}

using System.Globalization;
using System.Text;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Keeps the beginning and the end of a text of any length.</summary>
internal sealed class BoundedText(int max)
{
    private readonly StringBuilder _head = new();
    private readonly char[] _tail = new char[max - (max / 2)];
    private readonly Lock _lock = new();
    private long _tailLength;

    /// <summary>Reads to the end of a stream, or until told to stop.</summary>
    /// <param name="reader">The stream.</param>
    /// <param name="cancellationToken">The token to cancel the operation.</param>
    public async Task ReadAsync(TextReader reader, CancellationToken cancellationToken)
    {
        char[] buffer = new char[4_096];
        int count;
        while ((count = await reader.ReadAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false)) > 0)
        {
            lock (_lock)
            {
                Keep(buffer.AsSpan(0, count));
            }
        }
    }

    /// <summary>Gets whether something was left out.</summary>
    public bool IsCut
    {
        get
        {
            lock (_lock)
            {
                return _tailLength > _tail.Length;
            }
        }
    }

    public override string ToString()
    {
        lock (_lock)
        {
            int kept = (int)Math.Min(_tailLength, _tail.Length);
            long leftOut = _tailLength - kept;
            var text = new StringBuilder().Append(_head);
            if (leftOut > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"\n… [{leftOut} characters left out]\n");
            }

            int start = (int)(leftOut % _tail.Length);
            text.Append(_tail, start, Math.Min(kept, _tail.Length - start));
            return text.Append(_tail, 0, kept - Math.Min(kept, _tail.Length - start)).ToString();
        }
    }

    private void Keep(ReadOnlySpan<char> text)
    {
        int room = TextCut.At(text, (max / 2) - _head.Length);
        _head.Append(text[..room]);
        foreach (char c in text[room..])
        {
            _tail[_tailLength++ % _tail.Length] = c;
        }
    }
}

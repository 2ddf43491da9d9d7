using System.Text;
using AgentFunctions.Core.Text;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>
/// Reads text line by line and keeps only the beginning of long lines, so that no file is too large for memory.
/// </summary>
internal sealed class LineReader(Stream stream, int maxLength, CancellationToken cancellationToken) : IDisposable
{
    private readonly StreamReader _reader = new(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
    private readonly char[] _buffer = new char[1 << 14];
    private readonly StringBuilder _line = new();
    private int _position;
    private int _end;

    /// <summary>Gets or sets how many characters of the last line were left out.</summary>
    public long LeftOut { get; private set; }

    /// <summary>The next line without its end; <see langword="null"/> after the last.</summary>
    public string? Next()
    {
        _line.Clear();
        LeftOut = 0;
        bool any = false;
        while (Fill())
        {
            any = true;
            ReadOnlySpan<char> rest = _buffer.AsSpan(_position, _end - _position);
            int end = rest.IndexOf('\n');
            Keep(end < 0 ? rest : rest[..end]);
            _position += end < 0 ? rest.Length : end + 1;
            if (end >= 0)
            {
                break;
            }
        }

        if (_line.Length > 0 && LeftOut == 0 && _line[^1] == '\r')
        {
            _line.Length--;
        }

        return any ? _line.ToString() : null;
    }

    public void Dispose() => _reader.Dispose();

    private bool Fill()
    {
        if (_position < _end)
        {
            return true;
        }

        cancellationToken.ThrowIfCancellationRequested();
        _position = 0;
        _end = _reader.Read(_buffer, 0, _buffer.Length);
        return _end > 0;
    }

    private void Keep(ReadOnlySpan<char> text)
    {
        int room = TextCut.At(text, maxLength - _line.Length);
        _line.Append(text[..room]);
        LeftOut += text.Length - room;
    }
}

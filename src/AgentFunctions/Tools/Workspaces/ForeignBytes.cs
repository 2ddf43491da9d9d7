using System.Globalization;
using System.Text;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>The bytes of a file that are not UTF-8: a text in another encoding, such as Latin-1 or GBK.</summary>
/// <param name="First">The first ones, each with its line from 1.</param>
/// <param name="Count">How many sequences there are, as far as the file was looked at.</param>
internal sealed record ForeignBytes(IReadOnlyList<(byte Value, long Line)> First, long Count)
{
    private const int Shown = 5;

    /// <summary>How much of a file is looked at.</summary>
    private const long MaxLength = 64L * 1024 * 1024;

    /// <summary>Finds the bytes of a file that are not UTF-8.</summary>
    /// <param name="stream">The file.</param>
    /// <returns>The bytes; <see langword="null"/> if there are none, or if the file is UTF-16 by its first bytes.</returns>
    public static ForeignBytes? Find(Stream stream)
    {
        stream.Position = 0;
        var first = new List<(byte, long)>();
        byte[] buffer = new byte[1 << 16];
        int kept = 0;
        long read = 0;
        long count = 0;
        long line = 1;
        bool isStart = true;
        while (read < MaxLength)
        {
            int got = stream.Read(buffer, kept, buffer.Length - kept);
            bool isEnd = got == 0;
            read += got;
            ReadOnlySpan<byte> rest = buffer.AsSpan(0, kept + got);
            if (isStart && (rest.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE])
                || rest.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])))
            {
                return null;
            }

            isStart = false;
            while (!rest.IsEmpty)
            {
                bool isOver = Rune.DecodeFromUtf8(rest, out _, out int length) is var found
                    && found != System.Buffers.OperationStatus.NeedMoreData;
                if (!isOver && !isEnd)
                {
                    break;
                }

                if (found != System.Buffers.OperationStatus.Done)
                {
                    count++;
                    if (first.Count < Shown)
                    {
                        first.Add((rest[0], line));
                    }
                }
                else if (rest[0] == (byte)'\n')
                {
                    line++;
                }

                rest = rest[length..];
            }

            kept = rest.Length;
            rest.CopyTo(buffer);
            if (isEnd)
            {
                break;
            }
        }

        return count == 0 ? null : new ForeignBytes(first, count);
    }

    /// <summary>Gets the bytes in words.</summary>
    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Count} byte sequence{(Count == 1 ? "" : "s")} that no UTF-8 has: "
        + $"{string.Join(", ", First.Select(static found => string.Create(CultureInfo.InvariantCulture, $"{found.Value:X2} in line {found.Line}")))}{(Count > First.Count ? ", …" : "")}");
}

using System.Buffers.Binary;
using System.Security.Cryptography;

namespace AgentFunctions.Runs;

/// <summary>
/// Makes run ids: 26 characters of lower-case Crockford base 32, the time counted down in the first ten, so that the
/// ordinal order of ids is newest first. A store that can only list upwards then lists the newest runs first.
/// </summary>
internal static class RunId
{
    private const string Digits = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int Length = 26;
    private const long LastMoment = (1L << 48) - 1;

    public static string New(DateTimeOffset now) => New(now, new Guid(RandomNumberGenerator.GetBytes(16)));

    /// <summary>For replayed code, which gets its time and its randomness from its context.</summary>
    public static string New(DateTimeOffset now, Guid random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.TryWriteBytes(bytes);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)((LastMoment - now.ToUnixTimeMilliseconds()) >> 16));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], (ushort)(LastMoment - now.ToUnixTimeMilliseconds()));
        UInt128 value = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return string.Create(Length, value, static (text, rest) =>
        {
            for (int i = text.Length - 1; i >= 0; i--, rest >>= 5)
            {
                text[i] = Digits[(int)(rest & 31)];
            }
        });
    }

    /// <summary>Whether a text is an id as the host makes them, so that no other name of a folder is taken for one.</summary>
    public static bool IsMade(string? id) => id is { Length: Length } && id.All(static digit => Digits.Contains(digit));

    /// <summary>Whether a text has the form of a run id; asked before it becomes part of a key.</summary>
    public static bool IsValid(string? id) =>
        id is { Length: > 0 and <= 128 } && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}

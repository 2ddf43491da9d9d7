using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using AgentFunctions.Storage;

namespace AgentFunctions.Keys;

/// <summary>
/// One head as its file keeps it: a line of fixed length with the host's seal. A file has two, written in turn.
/// </summary>
/// <param name="Epoch">See <see cref="Head.Epoch"/>.</param>
/// <param name="Count">See <see cref="Head.Count"/>.</param>
/// <param name="Chain">See <see cref="Head.Chain"/>.</param>
/// <param name="Seal">The seal over name and head.</param>
internal sealed record HeadSlot(string Epoch, long Count, string Chain, string Seal)
{
    /// <summary>The bytes of a slot: no disk tears them apart.</summary>
    public const int Length = 512;

    private const string Purpose = "head";

    /// <summary>Writes a slot, without anything on the heap: a head is moved on with each commit.</summary>
    /// <param name="line">Where it goes: <see cref="Length"/> bytes.</param>
    /// <param name="key">The host's key.</param>
    /// <param name="name">The name of the head.</param>
    /// <param name="head">The head.</param>
    public static void Write(Span<byte> line, HostKey key, string name, Head head)
    {
        line.Fill((byte)' ');
        line[^1] = (byte)'\n';
        Span<byte> text = stackalloc byte[Length];
        Span<char> seal = stackalloc char[HostKey.SealLength];
        bool isWhole = Utf8.TryWrite(text, CultureInfo.InvariantCulture,
            $"{Purpose}\n{name}\n{head.Epoch}\n{head.Count}\n{head.Chain}", out int length);
        key.Seal(text[..length], seal);
        // The parts hold nothing that JSON would have to escape.
        isWhole &= Utf8.TryWrite(line[..^1], CultureInfo.InvariantCulture,
            $$"""{"epoch":"{{head.Epoch}}","count":{{head.Count}},"chain":"{{head.Chain}}","seal":"{{seal}}"}""",
            out _);
        if (!isWhole)
        {
            throw new ArgumentException($"The head '{name}' is longer than {Length} bytes.", nameof(head));
        }
    }

    /// <summary>Reads a slot; <see langword="null"/> if it is empty, torn, or does not carry the host's seal.</summary>
    public static Head? Read(HostKey key, string name, ReadOnlySpan<byte> line)
    {
        try
        {
            if (JsonSerializer.Deserialize(line, HeadsJsonContext.Default.HeadSlot) is { Epoch: { }, Chain: { }, Seal: { } } slot)
            {
                var head = new Head(slot.Epoch, slot.Count, slot.Chain);
                return key.IsSealed(Purpose, Text(name, head), slot.Seal) ? head : null;
            }
        }
        catch (JsonException)
        {
            // Torn or planted: the other slot counts.
        }

        return null;
    }

    private static string Text(string name, Head head) => $"{name}\n{head.Epoch}\n{head.Count}\n{head.Chain}";
}

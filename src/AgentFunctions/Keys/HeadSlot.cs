using System.Text;
using System.Text.Json;
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

    public static byte[] Write(HostKey key, string name, Head head)
    {
        byte[] line = new byte[Length];
        Array.Fill(line, (byte)' ');
        line[^1] = (byte)'\n';
        // The parts hold nothing that JSON would have to escape.
        Encoding.ASCII.GetBytes(
            $$"""{"epoch":"{{head.Epoch}}","count":{{head.Count}},"chain":"{{head.Chain}}","seal":"{{key.Seal(Purpose, Text(name, head))}}"}""", line);
        return line;
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

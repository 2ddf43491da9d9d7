using System.Buffers.Binary;

namespace AgentFunctions.AzureStorage;

/// <summary>
/// One append to a stream as the bytes of one block. Its head makes a reader who knows where a block begins find the next
/// one; its foot makes a writer who knows where the blob ends find the stream's length.
/// </summary>
/// <remarks>
/// Head, 40 bytes: magic (4), size of the block (4), position of the first entry (8), count of entries (4), number of the
/// block in its segment (4), a random id (16). Then for each entry its size (4) and its bytes. Foot, 24 bytes: position of
/// the first entry (8), count (4), number of the block (4), size of the block (4), magic (4). Little-endian.
/// </remarks>
internal readonly record struct LogBlock(int Size, long FirstPosition, int Count, int Number, Guid Id)
{
    public const int HeadSize = 40;
    public const int FootSize = 24;

    private const uint Magic = 0x314C4641;

    /// <summary>Gets the position after the block's last entry.</summary>
    public long End => FirstPosition + Count;

    public static int SizeOf(IReadOnlyList<ReadOnlyMemory<byte>> entries) =>
        checked(HeadSize + FootSize + entries.Sum(entry => sizeof(int) + entry.Length));

    public static byte[] Write(LogBlock block, IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        byte[] bytes = new byte[block.Size];
        Span<byte> head = bytes;
        BinaryPrimitives.WriteUInt32LittleEndian(head, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], block.Size);
        BinaryPrimitives.WriteInt64LittleEndian(head[8..], block.FirstPosition);
        BinaryPrimitives.WriteInt32LittleEndian(head[16..], block.Count);
        BinaryPrimitives.WriteInt32LittleEndian(head[20..], block.Number);
        block.Id.TryWriteBytes(head[24..]);
        int at = HeadSize;
        foreach (ReadOnlyMemory<byte> entry in entries)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), entry.Length);
            entry.CopyTo(bytes.AsMemory(at + sizeof(int)));
            at += sizeof(int) + entry.Length;
        }

        Span<byte> foot = bytes.AsSpan(at);
        BinaryPrimitives.WriteInt64LittleEndian(foot, block.FirstPosition);
        BinaryPrimitives.WriteInt32LittleEndian(foot[8..], block.Count);
        BinaryPrimitives.WriteInt32LittleEndian(foot[12..], block.Number);
        BinaryPrimitives.WriteInt32LittleEndian(foot[16..], block.Size);
        BinaryPrimitives.WriteUInt32LittleEndian(foot[20..], Magic);
        return bytes;
    }

    /// <summary>The block that begins here; <see langword="null"/> if less than its head is here.</summary>
    public static LogBlock? ReadHead(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeadSize)
        {
            return null;
        }

        Ensure(BinaryPrimitives.ReadUInt32LittleEndian(bytes));
        return new LogBlock(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]),
            new Guid(bytes.Slice(24, 16)));
    }

    /// <summary>The block that ends here. Its id is not in its foot.</summary>
    public static LogBlock ReadFoot(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> foot = bytes[^FootSize..];
        Ensure(BinaryPrimitives.ReadUInt32LittleEndian(foot[20..]));
        return new LogBlock(
            BinaryPrimitives.ReadInt32LittleEndian(foot[16..]), BinaryPrimitives.ReadInt64LittleEndian(foot),
            BinaryPrimitives.ReadInt32LittleEndian(foot[8..]), BinaryPrimitives.ReadInt32LittleEndian(foot[12..]), Guid.Empty);
    }

    /// <summary>Determines whether bytes are the foot of a block after which a position and a number of blocks come.</summary>
    public static bool EndsAt(ReadOnlySpan<byte> foot, long position, int blocks) =>
        foot.Length == FootSize && BinaryPrimitives.ReadUInt32LittleEndian(foot[20..]) == Magic
        && ReadFoot(foot) is var block && block.End == position && block.Number + 1 == blocks;

    /// <summary>The entries of the block that these bytes are, head and foot included.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Entries(LogBlock block, ReadOnlyMemory<byte> bytes)
    {
        int at = HeadSize;
        for (int i = 0; i < block.Count; i++)
        {
            int size = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span[at..]);
            yield return bytes.Slice(at + sizeof(int), size);
            at += sizeof(int) + size;
        }
    }

    private static void Ensure(uint magic)
    {
        if (magic != Magic)
        {
            throw new AgentException(
                ErrorCode.DataFileUnusable,
                "A log blob holds something that this library did not write; restore it from its soft-deleted state.");
        }
    }
}

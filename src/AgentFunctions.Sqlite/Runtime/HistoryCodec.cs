using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AgentFunctions.Durability;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>How one turn's events lie in a row.</summary>
internal static class HistoryCodec
{
    private static readonly JsonTypeInfo<List<HistoryEvent>> Turn =
        (JsonTypeInfo<List<HistoryEvent>>)DurableJson.Options.GetTypeInfo(typeof(List<HistoryEvent>));

    public static byte[] Write(List<HistoryEvent> turn) => JsonSerializer.SerializeToUtf8Bytes(turn, Turn);

    /// <summary>Reads a turn.</summary>
    /// <param name="row">The row.</param>
    /// <exception cref="JsonException">The row is damaged.</exception>
    public static List<HistoryEvent> Read(ReadOnlySpan<byte> row) =>
        JsonSerializer.Deserialize(row, Turn) ?? throw new JsonException("A turn is null.");

    /// <summary>Reads a turn of an instance.</summary>
    /// <param name="instanceId">The instance, for the message.</param>
    /// <param name="row">The row.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.DataFileUnusable"/>: the row is damaged.</exception>
    public static List<HistoryEvent> ReadOf(string instanceId, byte[] row)
    {
        try
        {
            return Read(row);
        }
        catch (JsonException error)
        {
            throw new AgentException(
                ErrorCode.DataFileUnusable,
                $"The history of instance '{instanceId}' is damaged and cannot be read: {error.Message}", error);
        }
    }
}

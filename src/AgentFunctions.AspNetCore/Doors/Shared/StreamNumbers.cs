namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>
/// The numbers of events of a stream. They are made of positions in the run's journal, so they are the same whenever the stream
/// is replayed, by whichever host. Each position has a block of numbers; gaps are left.
/// </summary>
internal static class StreamNumbers
{
    /// <summary>The first number of the end of a text.</summary>
    private const int TextEnd = 4_000;

    /// <summary>The first number of what is asked at the end of an exchange.</summary>
    private const int Asked = 3_700;

    private const int Block = 4_096;
    private const int EventSlots = 64;
    private const int DeliverySlots = TextCuts.Most + 12;

    /// <summary>The most positions that have numbers: they must fit 32 bits.</summary>
    public const long MostPositions = (int.MaxValue / Block) - 2;

    /// <summary>
    /// The most answers of a model that are streamed at one position; what comes after is sent once it is recorded.
    /// </summary>
    public const int MostDeliveries = (Asked - EventSlots) / DeliverySlots;

    /// <summary>The most that can be asked at the end of one exchange.</summary>
    public const int MostAsked = (TextEnd - Asked) / 2;

    /// <summary>How many places among what is asked a call takes that the caller is to execute.</summary>
    public const int OfCall = 2;

    /// <summary>Gets the first number of an event of the journal.</summary>
    /// <param name="position">Its position.</param>
    public static long OfEvent(long position) => Block * (position + 1);

    /// <summary>Gets the first number of the opening of a text.</summary>
    /// <param name="delivery">Where the answer stands.</param>
    public static long OfOpening(DeliveryPlace delivery) =>
        OfEvent(delivery.Position) + EventSlots + (delivery.Index * (long)DeliverySlots);

    /// <summary>Gets the number of a piece of a text.</summary>
    /// <param name="delivery">Where the answer stands.</param>
    /// <param name="piece">The number of the piece, from 0.</param>
    public static long OfPiece(DeliveryPlace delivery, int piece) => OfOpening(delivery) + 4 + piece;

    /// <summary>Gets the first number of the closing of a text that came to nothing.</summary>
    /// <param name="delivery">Where the answer stands.</param>
    public static long OfLoss(DeliveryPlace delivery) => OfPiece(delivery, TextCuts.Most);

    /// <summary>Gets the first number of the closing of a text that is recorded.</summary>
    /// <param name="position">The position of the event that tells of it.</param>
    public static long OfClosing(long position) => OfEvent(position) + TextEnd;

    /// <summary>Gets the first number of something that is asked at the end of an exchange.</summary>
    /// <param name="end">The position after the last event of the exchange.</param>
    /// <param name="index">Which one, from 0.</param>
    public static long OfAsked(long end, int index) => OfEvent(end - 1) + Asked + (2 * index);

    /// <summary>Gets the number of the last event of an exchange.</summary>
    /// <param name="end">The position after its last event of the journal.</param>
    public static long OfEnd(long end) => OfEvent(end) - 1;
}

/// <summary>Where an answer stands that was streamed while it came.</summary>
/// <param name="Position">The last position of the journal before it.</param>
/// <param name="Index">How many other answers of the turn were begun at the same position.</param>
internal readonly record struct DeliveryPlace(long Position, int Index);

using System.Text;

namespace AgentFunctions.Swarm;

/// <summary>
/// How long each of several texts may be, so that they fit together: what short ones leave over goes to the long ones.
/// </summary>
internal static class FairShare
{
    /// <summary>The most bytes (UTF-8) of each text; those that are shorter stay whole.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="room">The most bytes of all together.</param>
    public static int Of(IEnumerable<string> texts, int room)
    {
        int[] sizes = [.. texts.Select(static text => Encoding.UTF8.GetByteCount(text)).Order()];
        for (int index = 0; index < sizes.Length; index++)
        {
            int share = room / (sizes.Length - index);
            if (sizes[index] > share)
            {
                return share;
            }

            room -= sizes[index];
        }

        return int.MaxValue;
    }
}

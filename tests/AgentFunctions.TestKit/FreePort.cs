using System.Net;
using System.Net.Sockets;

namespace AgentFunctions.TestKit;

/// <summary>Ports for what must know its port before it listens, and what is started again on the same one.</summary>
public static class FreePort
{
    /// <summary>Below the ports that systems hand out by themselves: no connection that goes out can take one meanwhile.</summary>
    private const int First = 20_000, Last = 29_999;

    /// <summary>Each process begins somewhere else, so that two do not take the same one at once.</summary>
    private static int s_last = Random.Shared.Next(First, Last);

    /// <summary>Finds a port of the loopback address that nobody listens on, and that this process has not given out yet.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static int Take()
    {
        for (int tried = First; tried <= Last; tried++)
        {
            int port = First + (Interlocked.Increment(ref s_last) % (Last - First + 1));
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody is there.
            }
        }

        throw new InvalidOperationException($"All ports from {First} to {Last} are taken.");
    }
}

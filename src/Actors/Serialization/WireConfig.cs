using System.Globalization;
using System.Text;
using Akka.Configuration;
using NoProp.Actors.Hosting;

namespace NoProp.Actors.Serialization;

/// <summary>Akka's settings for messages between nodes.</summary>
public static class WireConfig
{
    /// <summary>serialization.conf, and a binding for every message that travels outside of links. Whatever stands before it in a configuration wins over it.</summary>
    public static Config Akka()
    {
        StringBuilder bindings = new();
        foreach (Type message in WireTypes.Protocol.Direct)
        {
            string serializer = WireTypes.Protocol.Bulk.Contains(message) ? "noprop-bulk" : "hyperion";
            bindings.Append(CultureInfo.InvariantCulture, $"akka.actor.serialization-bindings.\"{message.FullName}, {message.Assembly.GetName().Name}\" = {serializer}\n");
        }

        return ConfigurationFactory.ParseString(bindings.ToString()).WithFallback(ConfigurationFactory.ParseString(SettingsHocon.Resource("serialization.conf").Text));
    }
}

-- What falls due next is asked twice a second, and most articles are out already.
CREATE INDEX articles_scheduled ON articles (published_at) WHERE visibility = 'scheduled';

-- Who never confirmed is forgotten after a while.
CREATE INDEX subscriptions_pending ON subscriptions (changed_at) WHERE state = 'pending';
